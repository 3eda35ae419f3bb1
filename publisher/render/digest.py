"""What of an issue goes into its e-mail, and in which place; pure."""

from collections.abc import Callable
from dataclasses import dataclass

from publisher.config import Publication, Section
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import Issue, Slot
from publisher.render.links import Links
from publisher.render.opening import opening, teaser
from publisher.render.plain import shorten
from publisher.render.templates import direction


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture as a mail shows it."""

    url: str
    width: int  #: pixels on the page; the file has up to twice as many
    height: int
    alt: str
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article as a mail announces it."""

    slug: str
    title: str
    kicker: str
    text: str  #: standfirst or opening; empty when there is only room for the title
    byline: str
    url: str
    language: str
    direction: str  #: "ltr" or "rtl"
    tone: int | None  #: index of its section's colour in the publication; None is its own colour
    picture: Shown | None = None


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much the mail may hold; less and less until it fits."""

    stories: int = 5  #: beside the lead, with teaser and picture
    letter: int = 700  #: characters
    briefs: int = 200  #: characters of each brief's text
    titles: int = 10_000  #: titles in the lists


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The e-mail edition's contents, in order; every article stands in exactly one place."""

    letter: Story | None
    lead: Story | None
    stories: tuple[Story, ...]
    briefs: tuple[Story, ...]
    others: tuple[Story, ...]  #: by title only
    left_out: int = 0  #: titles for which even the lists had no room

    @property
    def highlights(self) -> tuple[Story, ...]:
        """What the contents beside the cover announce."""
        return tuple(story for story in (self.lead, *self.stories) if story)


#: (picture, as the lead) -> the picture as the mail shows it, or None if it is lost
Show = Callable[[Picture, bool], Shown | None]


def digest(issue: Issue, publication: Publication, show: Show, room: Room) -> Digest:
    """Choose what the mail shows of an issue.

    The cover story leads, then come the stories of the coverlines, then others with
    pictures in the issue's order; briefs are a list; everything else is named.
    """
    links = Links(publication, issue.week, issue.editions)
    tones = {section.name: number for number, section in enumerate(publication.sections)}

    def story(slot: Slot, article: Article, text: str, leading: bool | None = None) -> Story:
        picture = article.picture if leading is not None else None
        language = article.language or publication.language
        section = section_of(publication, article, slot)
        return Story(
            slug=article.slug,
            title=article.title,
            kicker=article.kicker or section.name,
            text=text,
            byline=article.byline,
            url=links.story(article),
            language=language,
            direction=direction(language),
            tone=tones.get(section.name),
            picture=show(picture, leading is True) if picture else None,
        )

    long = [slot for slot in issue.slots if slot.kind is not Kind.BRIEF]
    leading = lead_of(long)
    rest = [slot for slot in long if slot is not leading]
    told = _told(rest, [coverline.story for coverline in issue.cover.lines], room.stories)
    briefs = [(s, a) for s in issue.slots if s.kind is Kind.BRIEF for a in s.articles]
    others = [(s, a) for s in rest if s not in told for a in s.articles]
    first_letters = _letter(issue, publication, links, room)
    return Digest(
        letter=first_letters,
        lead=story(leading, leading.article, teaser(leading.article, 420), True)
        if leading
        else None,
        stories=tuple(story(s, s.article, teaser(s.article), False) for s in told),
        briefs=tuple(
            story(s, a, teaser(a, room.briefs) if room.briefs else "")
            for s, a in briefs[: room.titles]
        ),
        others=tuple(story(s, a, "") for s, a in others[: room.titles]),
        left_out=max(0, len(briefs) - room.titles) + max(0, len(others) - room.titles),
    )


def section_of(publication: Publication, article: Article, slot: Slot | None) -> Section:
    """Return an article's section: its own where several share a slot; the letter has none."""
    if slot is None:
        return Section(name="", colour=publication.colour)
    if slot.kind is Kind.BRIEF and article.section:
        return publication.section(article.section)
    return slot.section


def lead_of(slots: list[Slot]) -> Slot | None:
    """Return the cover story, else the first story with a picture, else the first."""
    ranked = sorted(slots, key=lambda s: (not s.cover_story, s.article.picture is None))
    return ranked[0] if ranked else None


def _told(slots: list[Slot], sold: list[str], count: int) -> list[Slot]:
    """Return what the cover sells, as it sells it, then pieces with pictures in their order."""

    def rank(slot: Slot) -> tuple[int, bool]:
        slug = slot.article.slug
        return (sold.index(slug) if slug in sold else len(sold), slot.article.picture is None)

    return sorted(slots, key=rank)[:count]


def _letter(issue: Issue, publication: Publication, links: Links, room: Room) -> Story | None:
    letter = issue.letter
    if letter is None:
        return None
    language = letter.language or publication.language
    text = opening(letter, room.letter) if room.letter else shorten(letter.standfirst, 200)
    return Story(
        slug=letter.slug,
        title=letter.title,
        kicker=letter.kicker,
        text=text,
        byline=letter.byline,
        url=links.story(letter),
        language=language,
        direction=direction(language),
        tone=None,
    )
