"""The same thing twice: articles that share their text, pictures that are printed again."""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from publisher.content.article import Article
from publisher.content.pictures import fingerprint
from publisher.errors import ContentError
from publisher.problems import Problem, Severity
from publisher.render.preflight.texts import inner_pictures

SAME, ALIKE = 0.8, 0.3  #: share of the shorter text that stands in the longer one
_SHINGLE = 4  #: words
_SIGNS = 9  #: signs, of writing without spaces
_FEWEST = 30  #: shingles; shorter texts share their phrases by chance
_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|https?://\S+|^/{3,}.*$|[*_#>`|]", re.MULTILINE)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return every run of four words of a text; of nine signs where words are not spaced."""
    words = _WORD.findall(_MARKUP.sub(r" \1 ", text).casefold())
    if words and sum(map(len, words)) / len(words) > 14:
        signs = "".join(words)
        return frozenset((signs[n : n + _SIGNS],) for n in range(len(signs) - _SIGNS + 1))
    runs = zip(*(words[n:] for n in range(_SHINGLE)), strict=False)
    return frozenset(runs)


def shared(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Return how much of the shorter text stands in the longer one, 0 to 1."""
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter >= _FEWEST else 0.0


def twin_problems(articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield pairs of articles that are one text, or share a good part of it."""
    texts = [(article, shingles(article.body)) for article in articles]
    for (first, one), (second, other) in combinations(texts, 2):
        share = shared(one, other)
        if share < ALIKE:
            continue
        per_cent = f"{min(share, 0.99):.0%}" if share < 1 else "all"
        if share >= SAME:
            yield Problem(
                message=f"its text stands in {first.slug} too ({per_cent} of the shorter one):"
                f' leave one out with [articles."{second.slug}"] leave_out = true',
                severity=Severity.ERROR,
                article=second.slug,
                check="duplicates",
                subject=second.title,
            )
        else:
            yield Problem(
                message=f"shares {per_cent} of its text with {first.slug}:"
                " cut in one what the other says",
                article=second.slug,
                check="similar",
                subject=second.title,
            )


def repeated_pictures(articles: Iterable[Article], folder: Path) -> Iterator[Problem]:
    """Yield pictures that are printed in two places, whatever their files are called."""
    first: dict[str, str] = {}
    for article in articles:
        lead = (article.picture.path,) if article.picture else ()
        for path in (*lead, *(picture.path for picture in inner_pictures(article))):
            name = _name(folder, path)
            if name in first:
                where = "twice in it" if first[name] == article.slug else f"in {first[name]} too"
                yield Problem(
                    message=f"the picture {path} is printed {where}: choose another one",
                    article=article.slug,
                    check="repeated_picture",
                    subject=path,
                )
            elif name:
                first[name] = article.slug


def _name(folder: Path, path: str) -> str:
    try:
        return fingerprint(folder / path)
    except (ContentError, OSError, ValueError):
        return ""  # whoever prints it reports that it is missing
