"""The magazine edition: an issue as a PDF, and its cover as a picture."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pypdfium2

from publisher.config import PageSize, Publication
from publisher.content.article import Kind
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.compositor import UNFILLED, Compositor, advice, explained, notes
from publisher.render.faults import problems_of
from publisher.render.footing import Footing, Shown, told
from publisher.render.numerals import page_number
from publisher.render.pdf import NO_ALT, Remark, Stock
from publisher.render.pdfium import PDFIUM
from publisher.render.preflight.pages import last_page_problems
from publisher.render.press import Bound, Late, Order, Proof, flags, opening_tag, print_book
from publisher.render.setting import Setting
from publisher.render.signatures import Shelf, Signature
from publisher.render.stamps import file_digest
from publisher.render.templates import TEMPLATES, render
from publisher.render.xmp import about

COVER_WIDTH = 1000  #: pixels
_COVER_BYTES = 200_000
_COVER, _CONTENTS, _BACK = "@cover", "@contents", "@back"
_SHOWN = re.compile(r"!\[[^\n]*")  #: a picture in an article's text
#: what of the publication no page shows
_UNSHOWN = {"schedule": None, "delivery": None, "sources": (), "preflight": None, "house": ()}


class Magazine:
    """Makes {title}-{week}.pdf and cover.jpg in the issue's build folder."""

    name = "magazine"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the magazine; see `publisher.render.Edition`."""
        bound = bound_magazine(issue, publication)
        path = issue.build_folder / f"{publication.slug}-{issue.week}.pdf"
        picture = issue.build_folder / "cover.jpg"
        save(path, bound.data)
        if changed_cover(issue, bound) or not picture.exists():
            save(picture, cover_picture(bound.data))
        return rendered(self.name, issue, bound, path, picture)


class Letter:
    """Makes the same magazine on US Letter paper: {title}-{week}-letter.pdf."""

    name = "letter"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the magazine; see `publisher.render.Edition`."""
        editions = replace(publication.editions, page_size=PageSize.LETTER)
        bound = bound_magazine(issue, replace(publication, editions=editions))
        path = issue.build_folder / f"{publication.slug}-{issue.week}-letter.pdf"
        save(path, bound.data)
        return rendered(self.name, issue, bound, path)


def bound_magazine(issue: Issue, publication: Publication) -> Bound:
    """Print and bind a magazine."""
    order = Order(maker=f"{__name__}:MagazineBook", issue=issue, publication=publication)
    book = MagazineBook(issue, publication)
    title = book.setting.title
    cache = issue.build_folder / "cache" / "pages"
    return print_book(order, book, about(issue, publication, title), cache=cache)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """How a place was fitted: an article, or a shared page of briefs."""

    page: int  #: where it begins, from 1
    pages: int
    said: tuple[str, ...]


def fitted(issue: Issue, publication: Publication) -> dict[str, Fitted]:
    """Return how each article was fitted, by slug; what was printed before is not printed anew."""
    bound = bound_magazine(issue, publication)
    found: dict[str, Fitted] = {}
    for place in Setting(issue, publication).places:
        note = bound.notes[place.anchor]
        told = Fitted(
            page=bound.starts[place.anchor], pages=note["leaves"], said=tuple(note["said"])
        )
        found |= {article.slug: told for article in place.articles}
    return found


def rendered(name: str, issue: Issue, bound: Bound, *files: Path) -> Rendered:
    """Return what is told of a paged edition."""
    return Rendered(
        edition=name,
        files=files,
        problems=tuple(
            replace(found, spot=replace(found.spot, edition=name)) if found.spot else found
            for found in bound.problems
        ),
        pages=len(bound.leaves),
        anchors=tuple(
            (article.slug, bound.pages[article.slug])
            for article in issue.articles
            if article.slug in bound.pages
        ),
        notes={name: tuple(note["said"]) for name, note in bound.notes.items() if "said" in note},
    )


class MagazineBook:
    """An issue's magazine, as the press asks for it."""

    def __init__(self, issue: Issue, publication: Publication) -> None:
        self.setting = Setting(issue, publication)
        self._issue, self._publication = issue, publication
        self._places = {place.anchor: place for place in self.setting.places}
        self._feet: tuple[Any, Mapping[str, Shown]] | None = None

    @property
    def base(self) -> Path:
        """The issue's folder."""
        return self._issue.folder

    @property
    def roots(self) -> Sequence[Path]:
        """The folders that may be read."""
        return roots(self._issue, self._publication)

    @property
    def parts(self) -> Sequence[str]:
        """Cover, contents, every place, back page."""
        return (_COVER, _CONTENTS, *self._places, _BACK)

    @property
    def problems(self) -> Sequence[Problem]:
        """What was found wrong while parts were made."""
        return (*self.setting.dresser.problems, *self.setting.plates.problems)

    # ---- articles ------------------------------------------------------------------

    def key(self, part: str) -> str:
        """Return all that a place's pages depend on; cover, contents and back page come late."""
        place = self._places.get(part)
        if place is None:
            return ""
        issue, words = self._issue, repr(place)
        shown = (issue.number, issue.date, issue.week, issue.folder)
        # the letter shows the cover; templates of the publication's own may show anything
        more: object = issue.cover if place.kind is Kind.LETTER else ""
        if self._own_templates:
            more = issue
        return repr((self._printed, shown, words, more, self._files(words)))

    @cached_property
    def _printed(self) -> str:
        """The publication, but for what no page shows."""
        publication = self._publication
        if self._own_templates:
            return repr(publication)
        names = (name for name in publication.__dataclass_fields__ if name not in _UNSHOWN)
        # a kept page tells its problems too, and what is one is a matter of these
        limits = (publication.preflight.least_ppi, publication.preflight.least_full)
        return repr([limits, *((name, getattr(publication, name)) for name in names)])

    @cached_property
    def _own_templates(self) -> bool:
        own = self._publication.root / "templates"
        return own.is_dir() and own.resolve() != TEMPLATES.resolve()

    @cached_property
    def _beside(self) -> dict[str, Path]:
        """The files beside the articles: pictures, tables."""
        folder = self._issue.folder
        found = {}
        for name in ("pictures", "data"):
            for path in sorted((folder / name).rglob("*")) if (folder / name).is_dir() else ():
                if path.is_file():
                    found[path.relative_to(folder).as_posix()] = path
        return found

    def _files(self, words: str) -> list[tuple[str, str]]:
        """Return the digests of the files whose names occur in an article."""
        return [
            (name, file_digest(path))
            for name, path in self._beside.items()
            if path.name in words or path.stem in words
        ]

    def print(self, part: str, stock: Stock, shelf: Shelf) -> Signature:
        """Set an article so that it fills its pages, and print it."""
        setting, place = self.setting, self._places[part]
        compositor = Compositor(setting, place, stock)
        found = compositor.choose()
        signature, remarks, html = compositor.sign(found, shelf)
        said = explained(found, signature.leaves, setting, place)
        slugs = {article.slug for article in place.articles} | {""}
        problems = [problem for problem in self.problems if problem.article in slugs]
        problems += [self.problem(remark) for remark in remarks]
        problems += problems_of(signature.faults, place.article.slug)
        about = notes(found, said, setting, place) | {
            "opening": opening_tag(html),
            "leaves": len(signature.leaves),
        }
        room = float(about["room"]) * setting.sheet.type_height
        filled = about["variant"] == "side" or setting.has_room(room)
        if place.kind not in UNFILLED and not filled:
            problems += last_page_problems(
                signature.leaves,
                place.article.slug,
                least_full=self._publication.preflight.least_full,
                advice=advice(found.fit, signature.leaves, setting, place, found.dress.variant),
            )
        return replace(
            signature,
            problems=tuple(dict.fromkeys(problems)),
            furniture=flags(html),
            about=about,
        )

    def problem(self, remark: Remark) -> Problem:
        """Tell an editor what the engine noticed."""
        plates = self.setting.plates
        article = plates.owner(remark.subject) or _writer(remark.subject, self._issue)
        severity = Severity.ERROR if remark.serious else Severity.WARNING
        of_feed = remark.text == NO_ALT and plates.severity(article) is Severity.WARNING
        return Problem(
            message=remark.text,
            severity=Severity.WARNING if of_feed else severity,
            article=article,
            page=remark.page,
            check="feed_pictures" if of_feed else remark.check,
            subject=remark.subject if article else "",
        )

    # ---- what names pages -------------------------------------------------------------

    def late(self, proof: Proof) -> Sequence[Late]:
        """Return cover, contents and back page, and what fills the ends of last pages."""
        setting = self.setting
        credits = [credit for note in proof.notes.values() for credit in note.get("credits", ())]
        made = [
            Late(_COVER, setting.front()),
            Late(_CONTENTS, setting.contents()),
            Late(_BACK, setting.back(credits)),
        ]
        feet = self.feet(proof.notes)
        for name in self._places:
            note = proof.notes.get(name, {})
            fillers = feet.get(name)
            if fillers:
                filler = render(setting.env, "magazine/partials/filler.html", fillers=fillers)
                opening, _, element = str(note["opening"]).partition("\0")
                made.append(
                    Late(f"{name}+", f"{opening}{filler}</{element}>", name, tuple(told(fillers)))
                )
        return made

    def late_key(self, proof: Proof) -> str:
        """Return all that cover, contents, back page and fillers depend on.

        Of an article's text that is only its pictures.
        """
        issue = self._issue
        if self._own_templates:
            return repr((self._printed, issue, proof))
        places = [
            [replace(article, body="\n".join(_SHOWN.findall(article.body))) for article in articles]
            for articles in (place.articles for place in self._places.values())
        ]
        shown = (issue.number, issue.date, issue.week, issue.folder, issue.cover)
        slots = [(place.kind, place.section, place.colour) for place in self._places.values()]
        return repr((self._printed, shown, slots, places, self._files(repr(places)), proof))

    def feet(self, notes: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Shown]:
        """Return what fills the last page of each place, found once for the same pages."""
        known = {name: note for name, note in notes.items() if name in self._places}
        if self._feet is None or self._feet[0] != known:
            self._feet = known, Footing(self.setting).fill(known)
        return self._feet[1]

    # ---- the whole ----------------------------------------------------------------------

    def document(self, parts: Sequence[str], *, furniture: bool = True) -> str:
        """Return parts as one HTML document."""
        return self.setting.document(parts, furniture=furniture)

    def numeral(self, page: int) -> str:
        """Write a page number."""
        return page_number(page, self._publication.language)

    def whole(self, bound: Mapping[str, Mapping[str, Any]]) -> str:
        """Return all of a magazine as one document, set as it was bound: for one pass."""
        setting, parts = self.setting, {}
        feet = self.feet(bound)
        for name, place in self._places.items():
            note = bound[name]
            setting.dresser.arrange(place, note["order"])
            parts[name] = setting.part(
                place,
                size=note["size"],
                variant=note["variant"],
                without=note["without"],
                fillers=feet.get(name, ()),
            )
        credits = [credit for note in bound.values() for credit in note.get("credits", ())]
        return setting.document(
            [setting.front(), setting.contents(), *parts.values(), setting.back(credits)]
        )


def magazine_html(issue: Issue, publication: Publication) -> str:
    """Return the whole magazine as one HTML document, set as it is bound."""
    return MagazineBook(issue, publication).whole(bound_magazine(issue, publication).notes)


def roots(issue: Issue, publication: Publication) -> list[Path]:
    """Return the folders a paged edition may read."""
    return [issue.folder, publication.root / "templates", TEMPLATES]


def changed_cover(issue: Issue, bound: Bound) -> bool:
    """Return whether the picture of the cover must be made anew, and remember for which."""
    path = issue.build_folder / "cache" / "cover.key"
    key = bound.keys[_COVER]
    if path.is_file() and path.read_text("utf-8") == key:
        return False
    save(path, key)
    return True


def cover_picture(pdf: bytes, width: int = COVER_WIDTH) -> bytes:
    """Return the first page as a JPEG of this width in pixels, at most 200 KB."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[0]
            image = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
        finally:
            document.close()
    for quality in (84, 78, 72, 66, 60, 52, 44):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= _COVER_BYTES:
            break
    return out.getvalue()


def _writer(characters: str, issue: Issue) -> str:
    """Return the article in which characters stand that no font has."""
    if not characters or len(characters) > 40:
        return ""
    for article in issue.articles:
        text = article.title + article.standfirst + article.body
        if any(character in text for character in characters if ord(character) > 0x7F):
            return article.slug
    return ""
