"""Issue -> the parts of the magazine as HTML, each for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from publisher.config import Publication
from publisher.content.article import Article, Kind, Picture
from publisher.content.issue import Issue, Slot
from publisher.content.markdown import Body, Look, Medium, render_body
from publisher.content.qr import qr_data_uri
from publisher.content.typography import typeset
from publisher.errors import ContentError
from publisher.problems import Problem
from publisher.render import colour
from publisher.render.balance import fit_headline, text_width
from publisher.render.blocks import (
    Block,
    join_blocks,
    numbered,
    split_blocks,
    with_dropcap,
    with_end_mark,
)
from publisher.render.cover import Cover, make_cover
from publisher.render.pieces import (
    FONTS,
    SIDE_WORDS,
    Layout,
    Lead,
    Piece,
    Plate,
    credits,
    layout_of,
    set_headline,
)
from publisher.render.plates import Plates
from publisher.render.sheet import Sheet, sheet
from publisher.render.templates import STATIC, TEMPLATES, direction, environment, render
from publisher.render.words import words

STYLES = (
    "fonts tokens page type cover contents letter news feature opinion interview data briefs"
    " essay listing filler back arabic".split()
)


_PORTRAIT = 0.9  #: width over height from which on a picture stands in a column


@dataclass(frozen=True)
class Place:
    """One part between contents and back page: a slot, or the letter."""

    anchor: str
    kind: Kind
    articles: tuple[Article, ...]
    section: str
    colour: str
    cover_story: bool = False
    part: str = ""  #: the section, where it begins
    number: int = 0


class Setting:
    """One issue on the theme's pages."""

    def __init__(self, issue: Issue, publication: Publication) -> None:
        self.issue, self.publication = issue, publication
        self.sheet: Sheet = sheet(publication.editions.page_size)
        self.plates = Plates(issue.folder, issue.build_folder / "cache")
        self._bodies: dict[str, Body] = {}
        self._orders: dict[str, tuple[Block, ...]] = {}
        self.places = tuple(self._places())

    # ---- the document ---------------------------------------------------------------

    @cached_property
    def env(self) -> ImmutableSandboxedEnvironment:
        """The templates' environment with what the magazine's templates use."""
        env = environment(self.publication)
        env.filters["bare"] = lambda address: address.split("://", 1)[-1].rstrip("/")
        env.filters["typeset"] = typeset
        env.globals |= {
            "issue": self.issue,
            "sheet": self.sheet,
            "words": self.words(self.publication.language),
            "static": self.static,
            "styles": STYLES,
            "masthead": self._masthead,
            "strap_top": round(9 + self._masthead.size * 0.3528 * 0.84 + 4, 1),
            "tint": colour_mix(self.publication.colour, "#ffffff", 0.9),
            "cover": self.cover,
            "row": self._row,
        }
        return env

    def document(self, parts: Sequence[str]) -> str:
        """Return parts as one HTML document."""
        number = self.words(self.publication.language)["issue_number"]
        title = f"{self.publication.title}, {number.format(number=self.issue.number)}"
        return render(
            self.env, "magazine/magazine.html", parts=[Markup(part) for part in parts], title=title
        )

    def static(self, name: str) -> str:
        """Return the address of a file in templates/static/, the publication's own first."""
        own = self.publication.root / "templates" / "static" / name
        return (own if own.is_file() else STATIC / name).resolve().as_uri()

    def words(self, language: str) -> dict[str, str]:
        """Return the theme's words in a language."""
        own = self.publication.root / "templates"
        return words(language, TEMPLATES, TEMPLATES / "magazine", own, own / "magazine")

    # ---- front and back --------------------------------------------------------------

    @cached_property
    def cover(self) -> Cover:
        """The front page."""
        return make_cover(self.issue, self.publication, self.sheet, self.plates)

    @cached_property
    def _masthead(self) -> Any:
        text, tracking = self.publication.title, 0.035
        face = FONTS / "display-black.ttf"
        unit = text_width(text, face, 1) - tracking * len(text)
        full = self.sheet.type_width / 0.3528 / unit
        return fit_headline(text, measure=999, face=face, sizes=(min(190, full),), max_lines=1)

    def front(self) -> str:
        """Return the cover."""
        return render(self.env, "magazine/cover.html")

    def contents(self) -> str:
        """Return the contents page."""
        return render(
            self.env, "magazine/contents.html", entries=self._entries(), thumbs=self._thumbs()
        )

    @property
    def _row(self) -> float:
        """Height of one line of the contents, so that all of them fit the page."""
        return round(min(11.2, (self.sheet.type_height - 38) / max(len(self.places), 1)), 2)

    def back(self) -> str:
        """Return the back page."""
        seen = [p.credit for body in self._bodies.values() for p in body.pictures if p.credit]
        own = [self.cover.lead.credit] if self.cover.lead and self.cover.lead.credit else []
        return render(
            self.env,
            "magazine/back.html",
            qr=qr_data_uri(f"{self.publication.public_url}/subscribe"),
            credits=credits(self.issue.articles, [*own, *seen]),
            corrections=(),
        )

    def _entries(self) -> list[dict[str, Any]]:
        found = []
        in_brief = self.words(self.publication.language)["in_brief"]
        for place in self.places:
            article = place.articles[0]
            brief = place.kind is Kind.BRIEF
            language = self.publication.language if brief else self.language(article)
            found.append(
                {
                    "slug": place.anchor,
                    "title": in_brief if brief else typeset(article.title, language),
                    "flag": ", ".join(dict.fromkeys(a.kicker or a.section for a in place.articles))
                    if brief
                    else place.section,
                    "byline": "" if brief else article.byline,
                    "colour": colour.legible(place.colour, "#f7f2e9"),
                    "language": language,
                    "direction": direction(language),
                    "cover_story": place.cover_story,
                }
            )
        return found

    def _thumbs(self) -> list[dict[str, Any]]:
        with_picture = [p for p in self.places if p.articles[0].picture and p.kind != Kind.LETTER]
        with_picture.sort(key=lambda p: (not p.cover_story, p.kind != Kind.FEATURE, p.number))
        width, found = self.sheet.column(3), []
        for place in with_picture:
            article = place.articles[0]
            height = 42.0 if not found else 33.0
            if article.picture is None or len(found) == 5:
                break
            lead = self.plates.lead(article.picture, place.anchor, width=width, height=height)
            if lead:
                found.append(
                    {
                        "slug": place.anchor,
                        "url": lead.url,
                        "height": height,
                        "title": typeset(article.title, self.language(article)),
                        "colour": place.colour,
                    }
                )
        return found

    # ---- articles --------------------------------------------------------------------

    def _places(self) -> list[Place]:
        found, before = [], ""
        if self.issue.letter:
            letter = self.issue.letter
            name = self.words(self.publication.language)["from_the_editor"]
            found.append(
                Place(letter.slug, Kind.LETTER, (letter,), name, self.publication.colour, part=name)
            )
        for number, slot in enumerate(self.issue.slots):
            found.append(self._place(number, slot, before))
            before = "" if slot.kind is Kind.BRIEF else slot.section.name
        return found

    def _place(self, number: int, slot: Slot, before: str) -> Place:
        brief = slot.kind is Kind.BRIEF
        return Place(
            f"briefs-{number + 1}" if brief else slot.article.slug,
            slot.kind,
            slot.articles,
            slot.section.name,
            slot.section.colour,
            slot.cover_story,
            "" if brief or slot.section.name == before else slot.section.name,
            number,
        )

    def language(self, article: Article) -> str:
        """Return an article's language, the publication's if it names none."""
        return article.language or self.publication.language

    def layout(self, place: Place) -> Layout:
        """Return how a place is set."""
        return layout_of(place.kind, cover_story=place.cover_story)

    def part(
        self, place: Place, *, size: float | None = None, filler: Mapping[str, Any] | None = None
    ) -> str:
        """Return one place as HTML; `size` is its lead picture's height or its air, in mm."""
        layout = self.layout(place)
        if place.kind is Kind.BRIEF:
            pieces = [self.piece(self._brief(place, article), None) for article in place.articles]
            return render(
                self.env,
                "magazine/briefs.html",
                pieces=pieces,
                anchor=place.anchor,
                air=size if size is not None else layout.air[0],
            )
        piece = self.piece(place, size)
        return render(self.env, f"magazine/{layout.template}.html", piece=piece, filler=filler)

    def bounds(self, place: Place) -> tuple[float, float, float]:
        """Return the size a place would like best, the least and the most it may have, in mm."""
        layout, natural = self.layout(place), self.natural_lead(place)
        if place.cover_story:
            return 0.0, 0.0, 0.0
        if natural is not None and place.kind is not Kind.BRIEF:
            return natural, *self._lead_bounds(place)
        return layout.air[0], *layout.air

    def give(self, place: Place) -> float:
        """Return how many millimetres of a lead's height lengthen the text by a page."""
        columns = self.layout(place).columns if self.variant(place) == "column" else 1
        return self.sheet.type_height * columns

    def filler(self, place: Place, count: int = 3) -> Mapping[str, Any]:
        """Return other stories for the foot of a page, those with pictures first."""
        here = self.places.index(place)
        following = (*self.places[here + 1 :], *self.places[:here])
        others = [other for other in following if other.kind not in (Kind.BRIEF, Kind.LETTER)]
        others.sort(key=lambda other: not other.articles[0].picture)
        width, teasers = self.sheet.column(3), []
        for other in others[:count]:
            article = other.articles[0]
            url = ""
            if article.picture and self.plates.ratio(article.picture):
                lead = self.plates.lead(article.picture, other.anchor, width=width, height=36)
                url = lead.url if lead else ""
            teasers.append(
                {
                    "slug": other.anchor,
                    "url": url,
                    "flag": other.section,
                    "colour": colour.legible(other.colour, "#f7f2e9"),
                    "title": typeset(article.title, self.language(article)),
                }
            )
        return {"size": "strip", "teasers": teasers}

    def _brief(self, place: Place, article: Article) -> Place:
        section = self.publication.section(article.section or place.section)
        return replace(
            place,
            anchor=article.slug,
            articles=(article,),
            section=section.name,
            colour=section.colour,
        )

    def piece(self, place: Place, size: float | None) -> Piece:
        """Dress an article for its layout."""
        article, layout = place.articles[0], self.layout(place)
        language = self.language(article)
        variant = self.variant(place)
        body = self.body(place)
        blocks = self.blocks(place)
        plates: tuple[Plate, ...] = ()
        if place.kind is Kind.PHOTO_ESSAY:
            plates = self._plates(place, blocks, body)
            blocks = tuple(block for block in blocks if block.tag != "figure")
        title = typeset(article.title, language)
        lead = self._lead(place, size)
        return Piece(
            slug=article.slug,
            template=layout.template,
            language=language,
            direction=direction(language),
            colour=colour.legible(place.colour, "#f7f2e9"),
            tint=colour_mix(place.colour, "#ffffff", 0.9),
            deep=colour.legible(place.colour, "#ffffff", 8.0),
            flag=place.section,
            part=place.part,
            title=title,
            headline=set_headline(title, layout, variant, self.sheet, language),
            kicker=typeset(article.kicker, language),
            standfirst=typeset(article.standfirst, language),
            byline=article.byline,
            dateline=article.dateline,
            body=Markup(self._dressed(blocks, layout, language)),
            lead=lead,
            plates=plates,
            variant=variant,
            air=size if size is not None and not lead else layout.air[0],
            sources=tuple(typeset(source, language) for source in article.sources),
            corrections=tuple(typeset(text, language) for text in article.corrections),
            url=article.url,
            words=self.words(language),
        )

    def _dressed(self, blocks: Sequence[Block], layout: Layout, language: str) -> str:
        dressed = [
            replace(block, html=block.html.replace("<h3", "<h2").replace("</h3>", "</h2>"))
            if "fact-box" in block.classes
            else block
            for block in blocks
        ]
        if layout.dropcap and direction(language) == "ltr":
            dressed = list(with_dropcap(dressed))
        return join_blocks(numbered(with_end_mark(dressed) if layout.end_mark else dressed))

    def variant(self, place: Place) -> str:
        """Return the layout's variant: for news without a picture, or every other with one."""
        if place.kind is not Kind.NEWS or place.cover_story:
            return ""
        article = place.articles[0]
        if not article.picture or self.plates.ratio(article.picture) is None:
            return "side" if article.words <= SIDE_WORDS else ""
        if (self.plates.ratio(article.picture) or 1.0) < _PORTRAIT:
            return "column"
        return "top" if place.number % 2 else ""

    def lead_width(self, place: Place) -> float:
        """Return how wide a place's lead picture is printed."""
        layout = self.layout(place)
        if place.kind is Kind.BRIEF:
            return self.sheet.column(3) - 2
        if self.variant(place) == "column":
            return self.sheet.column(3)
        bleed = layout.bleed or self.variant(place) == "top"
        return self.sheet.width if bleed else self.sheet.type_width

    def natural_lead(self, place: Place) -> float | None:
        """Return the height at which the lead picture is hardly cropped; None without one."""
        picture = place.articles[0].picture
        if picture is None or place.kind in (Kind.PHOTO_ESSAY, Kind.LETTER):
            return None
        ratio = self.plates.ratio(picture)
        if ratio is None:
            return None
        low, high = self._lead_bounds(place)
        return min(max(self.lead_width(place) / ratio, low), high)

    def _lead_bounds(self, place: Place) -> tuple[float, float]:
        if self.variant(place) == "column":
            width = self.sheet.column(3)
            return width * 1.1, width * 1.7
        return self.layout(place).lead

    def _lead(self, place: Place, size: float | None) -> Lead | None:
        article = place.articles[0]
        if place.kind in (Kind.PHOTO_ESSAY, Kind.LETTER):
            return None
        width, natural = self.lead_width(place), self.natural_lead(place)
        if natural is None:
            # a lost picture is reported; the page does without
            return self.plates.lead(article.picture, article.slug, width=width, height=width / 1.5)
        if place.cover_story:
            return self._opening(article, width)
        height = size if size is not None else natural
        if place.kind is Kind.BRIEF:
            height = min(natural, width * 0.7)
        return self.plates.lead(article.picture, article.slug, width=width, height=height)

    def _opening(self, article: Article, width: float) -> Lead | None:
        """The cover story's opening picture: as tall as it is sharp, up to two thirds of a page."""
        picture = article.picture
        if picture is None:
            return None
        ratio = self.plates.ratio(picture) or 1.5
        height = min(max(width / ratio, 120), self.sheet.height * 0.6)
        return self.plates.lead(picture, article.slug, width=width, height=height)

    def blocks(self, place: Place) -> tuple[Block, ...]:
        """Return an article's text block by block, in the order it is printed."""
        slug = place.articles[0].slug
        if slug not in self._orders:
            blocks = split_blocks(self.body(place).html)
            if place.kind is Kind.DATA:  # the chart is the story
                blocks = tuple(sorted(blocks, key=lambda one: not {"chart", "map"} & one.classes))
            self._orders[slug] = blocks
        return self._orders[slug]

    def reorder(self, place: Place, blocks: Sequence[Block]) -> None:
        """Print an article's blocks in another order."""
        self._orders[place.articles[0].slug] = tuple(blocks)

    def body(self, place: Place) -> Body:
        """Return an article's running text, made once."""
        article = place.articles[0]
        known = self._bodies.get(article.slug)
        if known is None:
            known = self._bodies[article.slug] = render_body(
                article,
                medium=Medium.PRINT,
                picture_url=lambda picture, wide: self._inner(place, picture, wide),
                look=self._look(place),
            )
        return known

    def _inner(self, place: Place, picture: Picture, wide: bool) -> str:
        layout = self.layout(place)
        width = self.sheet.type_width if wide else self.sheet.column(layout.columns)
        ratio = self.plates.ratio(picture)
        # a tall picture must leave room for text in its column
        height = width * 1.2 if ratio is not None and ratio < 1 / 1.2 else None
        if wide and ratio is not None and ratio < 1.6:
            height = width / 1.6
        url = self.plates.url(picture, place.articles[0].slug, width=width, height=height)
        if not url:
            raise ContentError(f"{picture.path} is left out")
        return url

    def _look(self, place: Place) -> Look:
        layout = self.layout(place)
        wide = place.kind is Kind.DATA
        return Look(
            family="'Publisher Sans', sans-serif",
            regular=FONTS / "sans-regular.ttf",
            bold=FONTS / "sans-semibold.ttf",
            accent=colour.legible(place.colour, "#ffffff"),
            ink="#1b1a17",
            muted="#5b5750",
            width=self.sheet.type_width if wide else self.sheet.column(layout.columns),
        )

    @property
    def body_problems(self) -> tuple[Problem, ...]:
        """What was found wrong in the articles' texts."""
        return tuple(p for body in self._bodies.values() for p in body.problems)

    def _plates(self, place: Place, blocks: Sequence[Block], body: Body) -> tuple[Plate, ...]:
        figures = [block for block in blocks if {"picture"} <= block.classes]
        slug, width = place.articles[0].slug, self.sheet.type_width
        plates: list[Plate] = []
        waiting: list[Lead] = []

        def flush() -> None:
            if waiting:
                layout = "pair" if len(waiting) == 2 else "single"
                plates.append(Plate(layout=layout, pictures=tuple(waiting)))
                waiting.clear()

        for number, (block, picture) in enumerate(zip(figures, body.pictures, strict=False)):
            ratio = self.plates.ratio(picture)
            if ratio is None:
                continue
            bleed = "wide" in block.classes and number > 0
            if bleed:
                w, h = self.sheet.width, self.sheet.height
                layout = "bleed"
            elif ratio < 1:
                w, h, layout = width, min(width / ratio, self.sheet.type_height - 18), "tall"
            elif number == 0:
                w, h, layout = width, min(width / ratio, 120), "opening"
            else:
                w, h, layout = width, min(width / ratio, 108), "pair"
            lead = self.plates.lead(picture, slug, width=w, height=h)
            if lead is None:
                continue
            language = self.language(place.articles[0])
            lead = replace(lead, caption=typeset(lead.caption, language))
            if layout == "pair":
                waiting.append(lead)
                if len(waiting) == 2:
                    flush()
                continue
            flush()
            plates.append(Plate(layout=layout, pictures=(lead,)))
        flush()
        return tuple(plates)


def colour_mix(one: str, other: str, share: float) -> str:
    """Mix two `#rrggbb` colours; `share` is the part of the second, 0 to 1."""
    parts = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
