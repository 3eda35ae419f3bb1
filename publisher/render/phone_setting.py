"""Issue -> the phone edition as HTML, whole and part by part."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from publisher.checks import Level
from publisher.config import Publication
from publisher.content.article import Kind
from publisher.content.issue import Issue
from publisher.content.markdown import wanting_severity
from publisher.content.typography import typeset
from publisher.render.colour import legible
from publisher.render.leaf import Leaf
from publisher.render.links import Links
from publisher.render.phone_cover import make_cover
from publisher.render.phone_dressing import GALLEY, SENTINEL, Flowed, PhoneDresser
from publisher.render.phone_pictures import Frames
from publisher.render.phone_pieces import Story, dress, grouped, opening_of, row, share_links
from publisher.render.phone_sheet import ARABIC_BODY, BODY, DENSITY, PHONE, THUMB_BYTES, leading
from publisher.render.phone_type import Voice, Voices, sized
from publisher.render.pieces import Lead, credits
from publisher.render.places import Place, brief_places, running_order
from publisher.render.plates import Plates
from publisher.render.sheet import OVERHANG
from publisher.render.templates import environment, render
from publisher.render.theme import load_theme
from publisher.render.wrapping import Wrapping

#: the style sheets in order, templates/phone/styles/NAME.css
STYLES = (
    "tokens",
    "page",
    "type",
    "body",
    "cover",
    "contents",
    "opening",
    "kinds",
    "next",
    "back",
    "arabic",
)
_CARD_LEAST, _CARD_LARGE, _CARD_AIR = 19.0, 58.0, 7.0  #: heights of the next story's card, mm
_CARD_WORDS, _CARD_MOST = 27.0, 88.0
_POSTER = 58.0  #: of a card without a picture, where there is room
_THUMB = 18.0  #: a contents picture's edge, millimetres

#: lays a document out and returns its pages
Lay = Callable[[str], Sequence[Leaf]]


class PhoneSetting(Wrapping):
    """One issue on phone screens."""

    template = "phone/phone.html"
    lexica = ("magazine", "phone")

    def __init__(self, issue: Issue, publication: Publication, lay: Lay) -> None:
        super().__init__(issue, publication)
        self._lay = lay
        severities = {article.slug: wanting_severity(article) for article in issue.articles}
        self.plates = Plates(
            issue.folder,
            issue.build_folder / "cache",
            severities,
            # pictures are asked for larger than they are printed
            least_ppi=round(publication.preflight.least_ppi / DENSITY),
            strict=publication.preflight.ppi is Level.ERROR,
        )
        self.theme = load_theme(publication)
        self._voices = Voices(self.theme)
        self._frames = Frames(self.plates, self._voices)
        self.dresser = PhoneDresser(self.plates, self._frames, self._galley)
        letter = self.words(publication.language)["from_the_editor"]
        self.places = running_order(issue, publication, letter)

    @cached_property
    def env(self) -> ImmutableSandboxedEnvironment:
        """The templates' environment with what the phone's templates use."""
        env = environment(self.publication)
        env.filters["sized"] = sized
        env.filters["bare"] = lambda address: address.split("://", 1)[-1].rstrip("/")
        env.globals |= {
            "issue": self.issue,
            "sheet": PHONE,
            "words": self.words(self.publication.language),
            "static": self.static,
            "styles": STYLES,
            "theme": self.theme,
            "tokens": self.theme.tokens,
            "type": self.theme.tokens.type,
            "overhang": OVERHANG,
            "phone": {
                "body": BODY,
                "leading": leading("ltr"),
                "arabic": ARABIC_BODY,
                "arabic_leading": leading("rtl"),
            },
            "galley": {"height": GALLEY, "sentinel": SENTINEL},
            "links": Links(self.publication, self.issue.week),
        }
        return env

    @property
    def _paper(self) -> str:
        return self.theme.tokens.colours.paper

    @property
    def _tone(self) -> str:
        return self.theme.tokens.colours.tone

    # ---- front and back --------------------------------------------------------------

    def front(self) -> str:
        """Return the cover."""
        cover = make_cover(self.issue, self.publication, self._frames, self._voices)
        return render(self.env, "phone/cover.html", cover=cover)

    def contents(self) -> str:
        """Return the contents: a row for every place, the last for the back."""
        rows = [self._row(place) for place in self.places]
        return render(self.env, "phone/contents.html", screens=grouped(rows))

    def _row(self, place: Place) -> dict[str, Any]:
        return row(
            place, self.words(self.publication.language), self._teaser(place), self._tone
        ) | {"thumb": self._thumb(place, _THUMB, _THUMB, "phone-thumb")}

    def _teaser(self, place: Place) -> Voice:
        brief = place.kind is Kind.BRIEF
        return self._voices.plain("teaser", self.publication.language if brief else place.language)

    def _thumb(self, place: Place, width: float, height: float, role: str) -> Lead | None:
        """Return a small picture of a place; an essay without one shows its first plate."""
        picture = place.article.picture
        if picture is None and place.kind is Kind.PHOTO_ESSAY:
            picture = next((figure for figure, _ in self.dresser.figures(place)), None)
        if picture is None or place.kind is Kind.BRIEF or self.plates.ratio(picture) is None:
            return None
        return self._frames.made(
            picture,
            place.article.slug,
            width=width,
            height=height,
            role=role,
            max_bytes=THUMB_BYTES if width < 30 else 45_000,
        )

    def back(self, credited: Sequence[str]) -> str:
        """Return the last screens: pass on and subscribe, then the colophon.

        `credited` are the credits of the pictures within the texts.
        """
        named = self.words(self.publication.language)
        links = Links(self.publication, self.issue.week)
        number = named["issue_number"].format(number=self.issue.number)
        text = f"{self.publication.title}, {number}: {self.issue.cover.title}"
        call = typeset(
            named["subscribe_invitation"].format(title=self.publication.title),
            self.publication.language,
        )
        picture = self.issue.cover.picture
        front = [picture.credit] if picture and picture.credit else []
        return render(
            self.env,
            "phone/back.html",
            call=call,
            share=share_links(links.web or links.archive, text),
            credits=credits(self.issue.articles, [*front, *credited]),
        )

    # ---- places ----------------------------------------------------------------------

    def part(self, place: Place) -> str:
        """Return one place as HTML; the way on to the next one is laid over it, see `card`."""
        if place.kind is Kind.BRIEF:
            return self._briefs(place)
        return self._dressed(place)

    def card(self, place: Place, room: float) -> str:
        """Return the way on to what follows a place, as large as there is room in millimetres."""
        here = self.places.index(place)
        then = self.places[here + 1] if here + 1 < len(self.places) else None
        card = self._card(then, room - _CARD_AIR)
        return render(self.env, "phone/partials/card.html", card=card) if card else ""

    def _dressed(self, place: Place) -> str:
        opening = opening_of(place, self.plates)
        story, hero, plates = self._story(place, opening), None, []
        picture = place.article.picture
        figures = self.dresser.figures(place) if place.kind is Kind.PHOTO_ESSAY else []
        if figures and not picture:
            opening, (picture, _wide), figures = "hero", figures[0], figures[1:]
            story = self._story(place, opening)
        picture = picture if opening == "hero" else None
        if opening != "head":
            sized = (self._story(place, opening, smaller) for smaller in range(6))
            story = next((one for one in sized if self._frames.fits(picture, one)), story)
            hero = self._frames.hero(picture, story) if picture else None
        for figure, wide in figures:
            plate = self._frames.plate(figure, story.slug, story.language, wide=wide)
            plates += [plate] if plate else []
        context: dict[str, Any] = {"story": story, "hero": hero, "plates": plates}
        return render(
            self.env,
            "phone/story.html",
            **context,
            text=self._text(place, story, headed=opening == "head"),
        )

    def _text(self, place: Place, story: Story, *, headed: bool) -> Flowed:
        head = render(self.env, "phone/partials/head.html", story=story) if headed else ""
        after = render(self.env, "phone/partials/after.html", story=story).strip()
        return self.dresser.text(place, self.words(place.language), head.strip(), after)

    def _story(self, place: Place, opening: str, smaller: int = 0) -> Story:
        paper = self._tone if place.kind in (Kind.OPINION, Kind.LETTER) else self._paper
        named = self.words(place.language)
        return dress(place, opening, named, self._voices, paper, smaller=smaller)

    def _card(self, then: Place | None, room: float) -> dict[str, Any] | None:
        """Return the way on to what follows, as large as there is room."""
        if room < _CARD_LEAST:
            return None
        named = self.words(self.publication.language)
        if then is None:
            colour = legible(self.publication.colour, self._paper)
            return {
                "slug": "back",
                "flag": self.publication.title,
                "title": named["pass_on_title"],
                "language": self.publication.language,
                "direction": "",
                "colour": colour,
                "about": "",
                "look": "",
                "thumb": None,
                "minutes": 0,
            }
        tall = min(room - _CARD_WORDS, _CARD_MOST)
        large = room >= _CARD_LARGE
        width, height = (PHONE.type_width, tall) if large else (_THUMB, _THUMB)
        thumb = self._thumb(then, width, height, f"phone-next-{large}")
        return row(then, named, self._teaser(then), self._paper) | {
            "thumb": thumb,
            "look": ("large" if thumb else "poster") if large else "",
            "height": round(min(room, _POSTER), 1),
        }

    def _briefs(self, place: Place) -> str:
        briefs = brief_places(place, self.publication)
        stories = [self._story(brief, "brief") for brief in briefs]
        texts = [self.dresser.text(brief, self.words(brief.language)) for brief in briefs]
        pictures = [
            self._frames.brief(brief.article.picture, story, text.height)
            for brief, story, text in zip(briefs, stories, texts, strict=True)
        ]
        return render(
            self.env,
            "phone/briefs.html",
            anchor=place.anchor,
            briefs=list(zip(stories, texts, pictures, strict=True)),
            colour=legible(self.publication.colour, self._paper),
            deep=legible(self.publication.colour, "#ffffff", 8.0),
        )

    # ---- measuring -------------------------------------------------------------------

    def _galley(self, place: Place, blocks: Sequence[str]) -> Sequence[Leaf]:
        """Lay blocks out one by one, each on a page taller than any of them."""
        story = self._story(place, "head" if place.kind is not Kind.BRIEF else "brief")
        galley = render(
            self.env,
            "phone/galley.html",
            story=story,
            blocks=[Markup(block) for block in blocks],  # noqa: S704 -- sanitised or our own
        )
        return self._lay(self.document([galley], furniture=False))
