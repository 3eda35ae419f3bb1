"""The running order as the magazine prints it."""

from dataclasses import dataclass, replace

from publisher.config import Publication
from publisher.content.article import Article, Kind
from publisher.content.issue import Issue
from publisher.render.templates import direction


@dataclass(frozen=True)
class Place:
    """One part between contents and back page: a slot, or the letter."""

    anchor: str
    kind: Kind
    articles: tuple[Article, ...]
    language: str
    section: str
    colour: str
    cover_story: bool = False
    part: str = ""  #: the section's name, where it begins in the outline
    number: int = 0  #: among the slots, from 0
    turn: int = 0  #: among the slots with a picture, so that neighbours can open differently

    @property
    def article(self) -> Article:
        """The (first) article."""
        return self.articles[0]

    @property
    def direction(self) -> str:
        """Which way its language is read: ltr or rtl."""
        return direction(self.language)


def running_order(issue: Issue, publication: Publication, letter_name: str) -> tuple[Place, ...]:
    """Return the parts of an issue in order, the letter first."""
    found: list[Place] = []
    if issue.letter:
        found.append(
            Place(
                anchor=issue.letter.slug,
                kind=Kind.LETTER,
                articles=(issue.letter,),
                language=issue.letter.language or publication.language,
                section=letter_name,
                colour=publication.colour,
                part=letter_name,
            )
        )
    before, turn = "", 0
    for number, slot in enumerate(issue.slots):
        brief = slot.kind is Kind.BRIEF
        name = slot.section.name
        found.append(
            Place(
                anchor=f"briefs-{number + 1}" if brief else slot.article.slug,
                kind=slot.kind,
                articles=slot.articles,
                language=publication.language
                if brief
                else slot.article.language or publication.language,
                section=name,
                colour=slot.section.colour,
                cover_story=slot.cover_story,
                part="" if brief or name == before else name,
                number=number,
                turn=turn,
            )
        )
        turn += slot.article.picture is not None and not slot.cover_story and not brief
        before = "" if brief else name
    return tuple(found)


def brief_places(place: Place, publication: Publication) -> list[Place]:
    """Return the pieces of a shared page one by one, each in its own section's colour."""
    found = []
    for article in place.articles:
        section = publication.section(article.section or place.section)
        found.append(
            replace(
                place,
                anchor=article.slug,
                articles=(article,),
                language=article.language or publication.language,
                section=section.name,
                colour=section.colour,
            )
        )
    return found
