"""What is unfinished in the texts, and what in them must not be printed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from publisher.content.article import Article, Picture
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity

LONGEST_HEADLINE = 90  #: characters, where a publication says nothing else
_MOST = 5  #: leftovers of one text that are told one by one
#: what journalists write where something is still to come; TK 1234 is a flight
_LEFTOVER = re.compile(
    r"\b(?:TK)+\b(?!\s?\d)|\bXXX+\b|\bTODO\b|\bFIXME\b"
    r"|\?{3,}|\[\[[^\[\]\n]{0,200}\]\]|\b[Ll]orem [Ii]psum\b"
)
_ADDRESS = re.compile(r"\]\([^)\s]*|<?https?://[^\s<>]*")
_INNER = re.compile(r'!\[([^\]]*)\]\(\s*<?([^)\s>"]+)>?(?:\s+"([^"\n]*)")?\s*\)')


@dataclass(frozen=True)
class Leftover:
    """Something that was to be filled in, with the words around it."""

    found: str
    around: str


def leftovers(text: str) -> list[Leftover]:
    """Return what is left to be filled in, in the order it stands; addresses are no text."""
    prose = _ADDRESS.sub(lambda hit: " " * len(hit[0]), text)
    return [
        Leftover(hit[0], _around(text, hit.start(), hit.end())) for hit in _LEFTOVER.finditer(prose)
    ]


def _around(text: str, start: int, end: int) -> str:
    """Return the words before and after a place, whole ones as far as they fit."""
    before, after = text[max(0, start - 40) : start], text[end : end + 30]
    if start > 40:
        before = before.partition(" ")[2]
    if len(text) > end + 30:
        after = after.rpartition(" ")[0]
    return " ".join(f"{before}{text[start:end]}{after}".split())


def inner_pictures(article: Article) -> tuple[Picture, ...]:
    """Return the pictures in an article's text, as they are written."""
    return tuple(
        Picture(path=path, alt=alt.strip(), caption=(caption or "").strip())
        for alt, path, caption in _INNER.findall(article.body)
    )


def text_problems(
    articles: Iterable[Article], *, longest: int = LONGEST_HEADLINE
) -> Iterator[Problem]:
    """Yield what is unfinished in the articles' texts, and headlines too long to be read."""
    for article in articles:
        yield from _unfinished(_texts(article), article.slug)
        if len(article.title) > longest:
            yield Problem(
                message=f"the headline has {len(article.title)} characters, more than {longest}:"
                " give it a shorter one in issue.toml",
                article=article.slug,
                check="headline",
                subject=article.title,
            )


def cover_problems(issue: Issue) -> Iterator[Problem]:
    """Yield what is unfinished on the cover and in the mail's subject."""
    texts = {
        "main line of the cover": issue.cover.title,
        "kicker of the cover": issue.cover.kicker,
        "standfirst of the cover": issue.cover.standfirst,
        "subject of the e-mail": issue.subject,
        "first line of the e-mail": issue.preheader,
        **{f"coverline {n}": line.text for n, line in enumerate(issue.cover.lines, 1)},
    }
    # the main line and what is made of it are the story's, where it is told already
    own = {text for article in issue.articles for text in _texts(article).values()}
    yield from _unfinished({place: text for place, text in texts.items() if text not in own}, "")


def protected(articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield the articles that only members of their site may read."""
    for article in articles:
        if article.protected:
            yield Problem(
                message="is for members of its site only: leave it out, or take"
                " `protected: true` out of its front matter if it may be printed",
                severity=Severity.ERROR,
                article=article.slug,
                check="protected",
                subject=article.title,
            )


def alt_repeats(articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield alt texts that tell a reader who cannot see nothing new."""
    for article in articles:
        lead = (article.picture,) if article.picture else ()
        for picture in (*lead, *inner_pictures(article)):
            alt = _bare(picture.alt)
            stem = PurePosixPath(picture.path)
            if alt and alt in (_bare(stem.name), _bare(stem.stem)):
                what = "is its file's name"
            elif alt and alt == _bare(picture.caption):
                what = "repeats its caption"
            else:
                continue
            yield Problem(
                message=f"the alt text of {picture.path} {what}: say what the picture shows",
                article=article.slug,
                check="alt_repeats",
                subject=picture.path,
            )


def _texts(article: Article) -> dict[str, str]:
    picture = article.picture
    return {
        "headline": article.title,
        "kicker": article.kicker,
        "standfirst": article.standfirst,
        "byline": article.byline,
        "dateline": article.dateline,
        "alt text": picture.alt if picture else "",
        "caption": picture.caption if picture else "",
        "credit": picture.credit if picture else "",
        "text": article.body,
        "sources": "; ".join(article.sources),
        "corrections": "; ".join(article.corrections),
    }


def _unfinished(texts: Mapping[str, str], slug: str) -> Iterator[Problem]:
    for place, text in texts.items():
        found = leftovers(text)
        for left in found[:_MOST]:
            yield Problem(
                message=f"“{left.found}” is left in the {place} (“{left.around}”): fill it in",
                severity=Severity.ERROR,
                article=slug,
                check="leftovers",
                subject=left.found,
            )
        if len(found) > _MOST:
            yield Problem(
                message=f"{len(found) - _MOST} more are left in the {place}: fill them in",
                severity=Severity.ERROR,
                article=slug,
                check="leftovers",
                subject=found[_MOST].found,
            )


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
