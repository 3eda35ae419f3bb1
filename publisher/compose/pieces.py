"""What the composer knows of an article: its section, its layout, and why."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from publisher.config import Section
from publisher.content.article import Article, Kind

BRIEF_WORDS = 110  #: shorter pieces share a page
NEWS_WORDS = 650  #: shorter pieces are news, longer ones features
ESSAY_PICTURES = 4  #: from so many pictures on, with little text between, it is a photo essay
ESSAY_WORDS_A_PICTURE = 60
QUESTIONS = 3  #: from so many whole-bold paragraphs on, most of them questions, it is an interview

_OPINION = frozenset({"opinion", "opinions", "comment", "op-ed", "tribune", "meinung", "رأي"})
_FIGURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_CHART = re.compile(r"^/{3,} chart\b", re.MULTILINE)
_BOLD_PARAGRAPH = re.compile(r"^(\*\*|__)(?P<text>(?:(?!\1).)+)\1$", re.DOTALL)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """An article with its place in this issue; print overrides are applied."""

    article: Article
    section: Section
    rank: int  #: of the section in the publication, from 0
    kind: Kind
    words: int  #: of running text, cuts taken off
    why: str  #: why this kind and section

    @property
    def slug(self) -> str:
        """The article's slug."""
        return self.article.slug

    @property
    def published(self) -> datetime:
        """When it was published; far back in time if nobody said."""
        return self.article.published or _LONG_AGO

    @property
    def running_order(self) -> tuple[int, float, str]:
        """Sort key: the publication's sections in order, newest first, then by slug."""
        return self.rank, -_age_key(self.published), self.slug


def newest_first(pieces: Iterable[Piece]) -> list[Piece]:
    """Sort by date of publication, newest first; equal dates by slug."""
    return sorted(pieces, key=lambda piece: (-_age_key(piece.published), piece.slug))


def _age_key(moment: datetime) -> float:
    return (moment - _LONG_AGO).total_seconds()


def choose_kind(article: Article, section: Section, words: int) -> tuple[Kind, str]:
    """Return the layout for an article that names none, and the reason in words."""
    figures = len(_FIGURE.findall(article.body))
    if section.name.casefold() in _OPINION:
        return Kind.OPINION, f"it stands in {section.name}"
    if _asks_questions(article.body):
        return Kind.INTERVIEW, "its bold paragraphs are questions"
    if figures >= ESSAY_PICTURES and words < ESSAY_WORDS_A_PICTURE * figures:
        return Kind.PHOTO_ESSAY, f"{figures} pictures and {words} words"
    if _CHART.search(article.body) and words < NEWS_WORDS:
        return Kind.DATA, f"a chart and {words} words"
    if words < BRIEF_WORDS:
        return Kind.BRIEF, f"{words} words"
    if words < NEWS_WORDS:
        return Kind.NEWS, f"{words} words"
    return Kind.FEATURE, f"{words:,} words"


def _asks_questions(body: str) -> bool:
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", body))
    bold = [match["text"].strip() for part in paragraphs if (match := _BOLD_PARAGRAPH.match(part))]
    asked = [text for text in bold if text.endswith(("?", "؟"))]
    return len(bold) >= QUESTIONS and 2 * len(asked) >= len(bold)
