"""What the preview shows at one moment; sent to the page as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from publisher.config import Publication, Section
from publisher.content.article import Article, Kind
from publisher.content.issue import Issue
from publisher.problems import Problem
from publisher.render.templates import direction
from publisher.web.pages import Page


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article as the flatplan names it."""

    slug: str
    title: str
    section: str
    colour: str
    kind: str
    page: int  #: where it begins, from 1


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The e-mail edition, as an inbox shows it."""

    digest: str
    sender: str
    subject: str
    preheader: str
    size: int  #: bytes of the HTML
    text: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Everything on the page."""

    version: int = 0
    busy: bool = True
    changed: tuple[str, ...] = ()  #: names of the files whose saving led here
    seconds: float = 0.0  #: how long the last refresh took
    title: str
    direction: str
    week: str
    number: int = 0
    date: str = ""
    line: str = ""  #: main line of the cover
    errors: tuple[str, ...] = ()  #: why something still shows its last good state
    problems: tuple[Problem, ...] = ()
    links: str = ""  #: what is known of the issue's links, or how far asking them has come
    asking: bool = False  #: whether links are being asked just now
    pages: tuple[Page, ...] = ()
    stories: tuple[Story, ...] = ()  #: by page
    pdf: str = ""  #: file name of the magazine
    pdf_bytes: int = 0
    mail: Mail | None = None
    web: str = ""  #: digest of the web edition

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the page."""
        return asdict(self)


def blank(publication: Publication, week: object) -> Shown:
    """Return what is shown before anything is made."""
    return Shown(title=publication.title, direction=direction(publication.language), week=str(week))


def stories_of(
    issue: Issue, anchors: Iterable[tuple[str, int]], parts: Iterable[tuple[str, int]]
) -> tuple[Story, ...]:
    """Return what begins on which page, in the order of pages.

    `parts` are the magazine's own, such as contents and colophon; they count where no
    article begins.
    """
    pages = dict(anchors)
    stories = []
    if issue.letter and issue.letter.slug in pages:
        stories.append(_story(issue.letter, None, Kind.LETTER, pages))
    sections = {slot.section.name: slot.section for slot in issue.slots}
    for slot in issue.slots:
        kind = "cover story" if slot.cover_story else slot.kind
        for article in slot.articles:
            if article.slug in pages:
                section = sections.get(article.section, slot.section)
                stories.append(_story(article, section, kind, pages))
    taken = {story.page for story in stories}
    stories += [
        Story(slug="", title=title, section="", colour="", kind="part", page=page)
        for title, page in parts
        if page not in taken
    ]
    return tuple(sorted(stories, key=lambda story: story.page))


def _story(article: Article, section: Section | None, kind: str, pages: Mapping[str, int]) -> Story:
    return Story(
        slug=article.slug,
        title=article.title,
        section=section.name if section else "",
        colour=section.colour if section else "",
        kind=kind,
        page=pages[article.slug],
    )
