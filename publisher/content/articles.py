"""The articles of an issue's folder."""

from pathlib import Path
from zoneinfo import ZoneInfo

from publisher.content.article import Article, read_article
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
