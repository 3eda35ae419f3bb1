"""The print edition: the magazine as a printer takes it, bleed, marks and all.

The pages are laid out on a sheet larger by the bleed, so that whatever reaches the edge of
a page on screens reaches beyond it here; then a slug with crop marks is put around.
Colours are sRGB and the file says so (output intent): printers convert to their press.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pikepdf
from pikepdf import Array

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.content.qr import qr_data_uri
from publisher.content.typography import typeset
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.archive import written
from publisher.render.balance import Headline, balance
from publisher.render.guide import pointer
from publisher.render.links import Links
from publisher.render.magazine import MagazineBook, rendered
from publisher.render.places import Place
from publisher.render.press import Late, Order, Proof, print_book
from publisher.render.setting import Setting
from publisher.render.sheet import MM
from publisher.render.templates import render
from publisher.render.xmp import about

BLEED, SLUG = 3.0, 8.0  #: millimetres beyond the trimmed page, and beyond the bleed
PPI = 300  #: of pictures, where their files have it
_SHEET = 4  #: pages of a folded sheet
#: pages that may be wanted to fill the last sheet, by how many are; in the order of `_FILLS`
_WANTED = {0: (), 1: ("@house",), 2: ("@index", "@house"), 3: ("@index", "@notes", "@house")}
_FILLS = _WANTED[3]
_OFFSET, _MARK = 4.0, 6.0  #: how far from the trimmed page a crop mark begins; its length
_INDEXED = 40  #: stories an index on one page has room for, titles of three lines among them
_HEAD, _LINE = 38.0, 9.0  #: of the page for notes: room for its head, between lines; millimetres


class Print:
    """Makes {title}-{week}-print.pdf in the issue's build folder."""

    name = "print"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the print edition; see `publisher.render.Edition`.

        Where the magazine is made too, what is wrong with its pages is told there alone.
        """
        order = Order(maker=f"{__name__}:PrintBook", issue=issue, publication=publication)
        book = PrintBook(issue, publication)
        cache = issue.build_folder / "cache" / "pages"
        bound = print_book(order, book, about(issue, publication, book.setting.title), cache=cache)
        path = issue.build_folder / f"{publication.slug}-{issue.week}-print.pdf"
        save(path, for_the_printer(bound.data))
        told = "magazine" in (issue.editions or publication.editions.make)
        problems = () if told else tuple(map(_from_the_trimmed_edge, bound.problems))
        return rendered(self.name, issue, replace(bound, problems=problems), path)


class PrintBook(MagazineBook):
    """An issue's magazine on the printer's sheet, with as many pages as folded sheets have."""

    def __init__(self, issue: Issue, publication: Publication) -> None:
        super().__init__(issue, publication)
        self.setting = Setting(issue, publication, bleed=BLEED, ppi=PPI)

    @property
    def parts(self) -> Sequence[str]:
        """The magazine's parts; what fills the last sheet stands before the back page."""
        *others, back = super().parts
        return (*others, *_FILLS, back)

    def key(self, part: str) -> str:
        """Return all that a place's pages depend on, the sheet and its pictures too."""
        found = super().key(part)
        return found and f"{found} {BLEED} {PPI}"

    def late_key(self, proof: Proof) -> str:
        """Return all that the late parts depend on, the sheet and its pictures too."""
        return f"{super().late_key(proof)} {BLEED} {PPI}"

    def late(self, proof: Proof) -> Sequence[Late]:
        """Return what the magazine has, and the pages that fill the last sheet."""
        # the first of them would stand where now the back page does
        pages = proof.pages[_FILLS[0]]
        wanted = _WANTED[-pages % _SHEET]
        return [*super().late(proof), *(Late(name, self._fill(name)) for name in wanted)]

    def _fill(self, name: str) -> str:
        setting, publication = self.setting, self.setting.publication
        words = setting.words(publication.language)
        style = setting.theme.tokens.type.back_call
        size = 1.6 * style.size
        address = Links(publication, setting.issue.week).issue
        long = len(setting.places) > _INDEXED
        template = "notes" if name == "@index" and long else name.removeprefix("@")
        lines = balance(
            style.printed(typeset(words["share_title"], publication.language)),
            setting.sheet.type_width * MM,
            setting.theme.face(style, publication.language),
            size,
        )
        return render(
            setting.env,
            f"magazine/print/{template}.html",
            anchor=name,
            call=Headline(lines, size),
            address=address,
            qr=qr_data_uri(address),
            lines=int((setting.sheet.type_height - _HEAD) / _LINE),
            entries=[self._entry(place) for place in setting.places],
        )

    def _entry(self, place: Place) -> Mapping[str, Any]:
        entry = pointer(place, self.setting.theme.tokens.colours.paper)
        if place.kind is not Kind.BRIEF:
            return entry
        return {**entry, "title": self.setting.words(place.language)["in_brief"]}


def for_the_printer(data: bytes) -> bytes:
    """Return a bound magazine with boxes and crop marks, and without what only screens use.

    Links, outline and tags go, and with them the claims to be PDF/A and PDF/UA; the sRGB
    profile stays as output intent.
    """
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for name in ("/StructTreeRoot", "/MarkInfo", "/Outlines", "/Names", "/PageMode"):
            if name in pdf.Root:
                del pdf.Root[name]
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as claims:
            for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part"):
                if name in claims:
                    del claims[name]
        for page in pdf.pages:
            for name in ("/Annots", "/StructParents", "/Tabs"):
                if name in page.obj:
                    del page.obj[name]
            _surround(page)
        return written(pdf)


def _surround(page: pikepdf.Page) -> None:
    """Put bleed and slug around a page: ISO 32000-1, 14.11.2 and 14.11.3."""
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    bleed, slug = BLEED * MM, SLUG * MM
    trim = (left + bleed, bottom + bleed, right - bleed, top - bleed)
    page.obj.MediaBox = _box(left - slug, bottom - slug, right + slug, top + slug)
    page.obj.CropBox = page.obj.MediaBox
    page.obj.BleedBox = _box(left, bottom, right, top)
    page.obj.TrimBox = page.obj.ArtBox = _box(*trim)
    clip = f"q {left:.3f} {bottom:.3f} {right - left:.3f} {top - bottom:.3f} re W n\n"
    page.contents_add(clip.encode(), prepend=True)
    marks = " ".join(f"{x1:.3f} {y1:.3f} m {x2:.3f} {y2:.3f} l" for x1, y1, x2, y2 in _marks(*trim))
    page.contents_add(f"\nQ\n/Artifact BMC q 0.25 w 0 0 0 RG {marks} S Q EMC\n".encode())


def _marks(
    left: float, bottom: float, right: float, top: float
) -> Iterator[tuple[float, float, float, float]]:
    """Yield crop marks, two lines at each corner, from and to in points."""
    near, far = _OFFSET * MM, (_OFFSET + _MARK) * MM
    for x, outwards in ((left, -1), (right, 1)):
        for y, upwards in ((bottom, -1), (top, 1)):
            yield x + outwards * near, y, x + outwards * far, y
            yield x, y + upwards * near, x, y + upwards * far


def _box(*edges: float) -> Array:
    return Array([round(edge, 3) for edge in edges])


def _from_the_trimmed_edge(problem: Problem) -> Problem:
    """Tell the place of a problem from the edges a reader sees."""
    spot = problem.spot
    if spot is None:
        return problem
    return replace(problem, spot=replace(spot, x=spot.x - BLEED, y=spot.y - BLEED))
