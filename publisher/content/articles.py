"""The articles of an issue's folder."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.content.article import Article, read_article
from publisher.content.pictures import measure
from publisher.errors import ContentError
from publisher.problems import Problem, Severity


def read_articles(folder: Path, zone: ZoneInfo) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """Read every articles/*.md of an issue's folder, by file name.

    A file that cannot be read as written is a problem with its name; the others go on.
    """
    articles: list[Article] = []
    problems: list[Problem] = []
    for path in sorted((folder / "articles").glob("*.md")):
        if path.name.startswith("."):
            continue
        try:
            articles.append(read_article(path, zone))
        except ContentError as error:
            problems.append(Problem(message=str(error), severity=Severity.ERROR, article=path.stem))
    return tuple(articles), tuple(problems)


def picture_sizes(folder: Path, articles: Iterable[Article]) -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of the articles' lead pictures, by path.

    A picture that is missing or broken is left out; whoever prints it reports it.
    """
    sizes: dict[str, tuple[int, int]] = {}
    for path in {article.picture.path for article in articles if article.picture}:
        with suppress(ContentError):
            size = measure(folder / path)
            sizes[path] = (size.width, size.height)
    return sizes
