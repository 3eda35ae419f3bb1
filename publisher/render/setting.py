"""Issue -> the magazine as HTML, whole and part by part."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.checks import Level
from publisher.config import Publication
from publisher.content.article import Kind
from publisher.content.issue import Issue
from publisher.content.markdown import wanting_severity
from publisher.content.qr import qr_data_uri
from publisher.content.typography import typeset
from publisher.render.balance import Headline, balance, fit_headline, text_width
from publisher.render.colour import mixed
from publisher.render.contents import make_contents
from publisher.render.cover import Cover, make_cover
from publisher.render.dressing import Dresser
from publisher.render.guide import Teasers
from publisher.render.pieces import credits
from publisher.render.places import Place, brief_places, running_order
from publisher.render.plates import Plates
from publisher.render.sheet import MM, OVERHANG, PPI, sheet
from publisher.render.templates import environment, render
from publisher.render.theme import load_theme
from publisher.render.wrapping import Wrapping

#: the style sheets in order, templates/magazine/styles/NAME.css
STYLES = (
    *("fonts", "tokens", "page", "type", "cover", "contents", "letter", "news", "feature"),
    *(
        "opinion",
        "interview",
        "data",
        "briefs",
        "essay",
        "listing",
        "filler",
        "back",
        "arabic",
        "theme",
    ),
)
_CALL = 160.0  #: the back page's invitation, millimetres


class Setting(Wrapping):
    """One issue on the theme's pages."""

    template = "magazine/magazine.html"
    lexica = ("magazine",)

    def __init__(
        self, issue: Issue, publication: Publication, *, bleed: float = 0.0, ppi: int = PPI
    ) -> None:
        """`bleed` as in `Sheet`, `ppi` as in `Plates`."""
        super().__init__(issue, publication)
        self.theme = load_theme(publication)
        self.sheet = sheet(publication.editions.page_size, self.theme.tokens.page, bleed)
        severities = {article.slug: wanting_severity(article) for article in issue.articles}
        self.plates = Plates(
            issue.folder,
            issue.build_folder / "cache",
            severities,
            least_ppi=publication.preflight.least_ppi,
            strict=publication.preflight.ppi is Level.ERROR,
            ppi=ppi,
        )
        self.dresser = Dresser(self.sheet, self.plates, self.theme)
        letter = self.words(publication.language)["from_the_editor"]
        self.places = running_order(issue, publication, letter)
        self._teasers = Teasers(
            self.places, self.plates, self.sheet, self.theme, issue.cover.picture
        )

    @cached_property
    def env(self) -> ImmutableSandboxedEnvironment:
        """The templates' environment with what the magazine's templates use."""
        env, colours = environment(self.publication), self.theme.tokens.colours
        env.filters["bare"] = lambda address: address.split("://", 1)[-1].rstrip("/")
        env.globals |= {
            "issue": self.issue,
            "sheet": self.sheet,
            "theme": self.theme,
            "tokens": self.theme.tokens,
            "type": self.theme.tokens.type,
            "overhang": OVERHANG,
            "words": self.words(self.publication.language),
            "static": self.static,
            "styles": (*STYLES, "bleed") if self.sheet.bleed else STYLES,
            "masthead": self._masthead,
            "strap_top": self._strap_top,
            "tint": mixed(self.publication.colour, colours.paper, colours.tint),
        }
        return env

    # ---- front and back --------------------------------------------------------------

    @cached_property
    def cover(self) -> Cover:
        """The front page."""
        return make_cover(
            self.issue, self.publication, self.sheet, self.plates, self.theme, self._strap_top
        )

    @cached_property
    def _masthead(self) -> Headline:
        """The title, as wide as the type area if that is not too tall."""
        how, language = self.theme.tokens.masthead, self.publication.language
        title = how.style.printed(typeset(self.publication.title, language))
        face = self.theme.face(how.style, language)
        em = text_width(title, face, 1) + how.style.tracking / 1000 * len(title) * (
            not self._arabic
        )
        most = how.most * (0.6 if self._arabic else 1)
        size = round(min(most, how.width * self.sheet.type_width * MM / em), 1)
        return fit_headline(title, measure=9999, face=face, sizes=(size,), max_lines=1)

    @property
    def _arabic(self) -> bool:
        return self.publication.language.startswith("ar")

    @property
    def _strap_top(self) -> float:
        """Where the line below the masthead stands, millimetres from the edge."""
        how = self.theme.tokens.masthead
        tall = 1.3 if self._arabic else how.tall  # ems: Arabic reaches far below its line
        return round(how.top + self._masthead.size / MM * tall + how.below, 1)

    def front(self) -> str:
        """Return the cover."""
        return render(self.env, "magazine/cover.html", cover=self.cover)

    def contents(self) -> str:
        """Return the contents page."""
        return render(self.env, "magazine/contents.html", contents=self._contents)

    @cached_property
    def _contents(self) -> dict[str, Any]:
        """What stands in the contents; teasers must know which pictures it shows."""
        language = self.publication.language
        made = make_contents(
            self.places, self.plates, self.sheet, self.theme, self.words(language), language
        )
        self._teasers.in_contents(thumb["slug"] for thumb in made["thumbs"])
        return made

    def back(self, credits_inside: Sequence[str] = ()) -> str:
        """Return the back page; the pictures within articles are credited as told."""
        words = self.words(self.publication.language)["subscribe_invitation"]
        call = typeset(words.format(title=self.publication.title), self.publication.language)
        style = self.theme.tokens.type.back_call
        face = self.theme.face(style, self.publication.language)
        front = [self.cover.lead.credit] if self.cover.lead and self.cover.lead.credit else []
        return render(
            self.env,
            "magazine/back.html",
            call=Headline(balance(style.printed(call), _CALL * MM, face, style.size), style.size),
            qr=qr_data_uri(f"{self.publication.public_url}/subscribe"),
            credits=credits(self.issue.articles, [*front, *credits_inside]),
        )

    # ---- articles --------------------------------------------------------------------

    def part(
        self,
        place: Place,
        *,
        size: float | None = None,
        fillers: Sequence[Mapping[str, Any]] = (),
        variant: str | None = None,
        without: Collection[int] = (),
    ) -> str:
        """Return one place as HTML; `size` as in `Dresser.bounds`, the rest as in its `piece`."""
        if place.kind is Kind.BRIEF:
            return self._briefs(place, size, fillers)
        piece = self.dresser.piece(
            place, size, self.words(place.language), variant, without=without
        )
        shown = {"cover": self.cover} if place.kind is Kind.LETTER else {}
        return render(
            self.env, f"magazine/{piece.template}.html", piece=piece, fillers=fillers, **shown
        )

    def _briefs(
        self, place: Place, size: float | None, fillers: Sequence[Mapping[str, Any]]
    ) -> str:
        pieces = [
            self.dresser.piece(brief, None, self.words(brief.language))
            for brief in brief_places(place, self.publication)
        ]
        return render(
            self.env,
            "magazine/briefs.html",
            pieces=pieces,
            anchor=place.anchor,
            air=size or 0.0,
            fillers=fillers,
        )

    def has_room(self, room: float) -> bool:
        """Return whether so many millimetres at the foot of a page can point to other stories."""
        return self._teasers.height(room) is not None

    def pictured(self, place: Place, count: int) -> bool:
        """Return whether so many other stories can be shown with pictures; see `teasers`."""
        assert self._contents  # noqa: S101  # made first, so that its pictures are counted
        return self._teasers.pictured(place, count)

    def teasers(
        self, place: Place, count: int, room: float | None = None, rows: int = 1
    ) -> list[dict[str, Any]]:
        """Return other stories of the issue for the foot of a page with so much room, in mm."""
        assert self._contents  # noqa: S101  # made first, so that its pictures are counted
        return self._teasers.beside(place, count, room, rows)
