"""The print edition, as a printer's checking program and a knife would meet it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.content.issue import Issue
from publisher.render import Rendered
from publisher.render.pdfium import PDFIUM
from publisher.render.proof import Print
from tests.render.conftest import PARAGRAPH, page_texts, publication_in
from tests.render.issues import article, folder_of, issue, picture, slot

MM = 72 / 25.4
#: of the pages as they are looked at: pixels a millimetre
SCALE = 4
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Sheets:
    """A print edition."""

    rendered: Rendered

    @property
    def path(self) -> Path:
        """The PDF."""
        return self.rendered.files[0]

    @cached_property
    def images(self) -> list[Image.Image]:
        """Its pages, slug and all."""
        with PDFIUM:
            document = pypdfium2.PdfDocument(self.path)
            try:
                return [p.render(scale=SCALE / MM).to_pil().convert("RGB") for p in document]
            finally:
                document.close()

    def colour(self, page: int, x: float, y: float) -> tuple[int, ...]:
        """The colour of a page at millimetres from the trimmed page's top left corner."""
        found = self.images[page - 1].getpixel((int((x + 11) * SCALE), int((y + 11) * SCALE)))
        assert isinstance(found, tuple)
        return found


def edition(publication: Publication, singles: int) -> Issue:
    """An issue of a feature with a picture to the edges, and pieces of a page each."""
    folder = folder_of(publication)
    wide = picture(folder, "wide", "#2266aa", size=(3300, 2400))
    lead = article("lead", "The wide river", body="\n\n".join([PARAGRAPH] * 12), picture=wide)
    slots = [slot(publication, lead, kind=Kind.FEATURE, cover=True)]
    for number in range(singles):
        news = article(f"news-{number}", f"Piece {number}", body="\n\n".join([PARAGRAPH] * 5))
        slots.append(slot(publication, news))
    return replace(issue(publication, slots), editions=("print",))


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return publication_in(tmp_path_factory.mktemp("printer") / "publication")


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    here = publication_in(tmp_path_factory.mktemp("sheets") / "publication")
    return Sheets(Print().build(edition(here, 1), here))


@pytest.fixture
def pdf(sheets: Sheets) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(sheets.path) as opened:
        yield opened


def box(page: pikepdf.Page, name: str) -> list[float]:
    """A box of a page in millimetres, from the trimmed page's bottom left corner."""
    trim = [float(edge) for edge in page.obj.TrimBox]
    found = [float(edge) for edge in page.obj[name]]
    return [round((edge - trim[n % 2]) / MM, 1) for n, edge in enumerate(found)]


def test_every_page_is_a4_with_three_millimetres_of_bleed_inside_a_slug(
    pdf: pikepdf.Pdf, sheets: Sheets
) -> None:
    assert sheets.path.name == "sirocco-2026-W47-print.pdf"
    for page in pdf.pages:
        assert box(page, "/TrimBox") == [0, 0, 210, 297]
        assert box(page, "/BleedBox") == [-3, -3, 213, 300]
        assert box(page, "/MediaBox") == [-11, -11, 221, 308]


@pytest.mark.parametrize("singles", [0, 1, 2, 3])
def test_the_pages_fill_whole_sheets_and_the_back_page_is_last(
    printer: Publication, singles: int
) -> None:
    made = Sheets(Print().build(edition(printer, singles), printer))
    texts = page_texts(made.path)
    assert len(texts) % 4 == 0
    assert made.rendered.pages == len(texts)
    assert "Colophon" in texts[-1]
    assert sum("Colophon" in text for text in texts) == 1
    assert min(len(text) for text in texts) > 20  # none is blank
    fills = [text for text in texts if "Everything in this issue" in text]
    for text in fills:
        assert "The wide river 3" in text.replace("Environment ", "")


def test_what_runs_to_the_edge_runs_over_it_and_not_into_the_slug(sheets: Sheets) -> None:
    for page in (1, dict(sheets.rendered.anchors)["lead"], len(sheets.images)):
        inside = sheets.colour(page, 100, 1)
        assert inside != WHITE
        assert sheets.colour(page, 100, -2.7) == pytest.approx(inside, abs=12)
        assert sheets.colour(page, 100, -3.5) == WHITE
        for y in (20, 60):
            assert sheets.colour(page, -2.7, y) == pytest.approx(sheets.colour(page, 1, y), abs=12)
            assert sheets.colour(page, 212.6, y) == pytest.approx(
                sheets.colour(page, 209, y), abs=12
            )
            assert sheets.colour(page, 213.6, y) == WHITE
    assert sheets.colour(1, 100, 299.6) == pytest.approx(sheets.colour(1, 100, 296), abs=12)


def test_no_page_has_colour_at_its_edge_that_ends_at_the_knife(sheets: Sheets) -> None:
    """Looked at all round, in steps of two millimetres."""
    across, down = range(2, 209, 2), range(2, 296, 2)
    edges: list[tuple[float, float, float, float]] = [
        *((x, 0.4, x, -2.6) for x in across),
        *((x, 296.6, x, 299.6) for x in across),
        *((0.4, y, -2.6, y) for y in down),
        *((209.6, y, 212.6, y) for y in down),
    ]
    for page in range(1, len(sheets.images) + 1):
        for x, y, beyond_x, beyond_y in edges:
            if sheets.colour(page, x, y) != WHITE:
                assert sheets.colour(page, beyond_x, beyond_y) != WHITE, (page, x, y)


def test_crop_marks_stand_at_the_corners_clear_of_the_bleed(sheets: Sheets) -> None:
    def darkest(x: float, y: float) -> int:
        found = [sheets.colour(2, x + dx / 4, y + dy / 4) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return min(sum(colour) for colour in found)

    for x, y in (
        (-7, 0),
        (0, -7),
        (217, 0),
        (210, -7),
        (-7, 297),
        (0, 304),
        (217, 297),
        (210, 304),
    ):
        assert darkest(x, y) < 600, (x, y)
    assert darkest(-7, 5) == 3 * 255
    assert darkest(-3.5, 0) == 3 * 255


def test_pictures_have_three_hundred_pixels_an_inch_where_their_file_has(
    pdf: pikepdf.Pdf, sheets: Sheets
) -> None:
    page = pdf.pages[dict(sheets.rendered.anchors)["lead"] - 1]
    width = max(int(image.Width) for image in page.get_images().values())
    assert width == pytest.approx((210 + 6.5) / 25.4 * 300, abs=3)


def test_it_has_nothing_for_screens_and_claims_nothing_it_is_not(pdf: pikepdf.Pdf) -> None:
    assert not any("/Annots" in page.obj for page in pdf.pages)
    assert "/Outlines" not in pdf.Root
    [intent] = list(pdf.Root.OutputIntents)
    assert "sRGB" in str(intent.OutputConditionIdentifier)
    assert bytes(intent.DestOutputProfile.read_bytes())[36:40] == b"acsp"
    said = bytes(pdf.Root.Metadata.read_bytes())
    assert b"<pdfaid:part" not in said
    assert b"<pdfuaid:part" not in said
    with pdf.open_metadata() as metadata:
        assert "pdfaid:part" not in metadata
        assert metadata["dc:title"] == "Sirocco, No 12"


def test_the_same_issue_prints_the_same_bytes(printer: Publication) -> None:
    first = Print().build(edition(printer, 2), printer).files[0].read_bytes()
    again = Print().build(edition(printer, 2), printer).files[0].read_bytes()
    assert again == first


def test_where_the_magazine_is_made_its_faults_are_told_once(printer: Publication) -> None:
    whole = edition(printer, 0)
    dumb = replace(whole.slots[0].article, body="TK " + whole.slots[0].article.body, picture=None)
    dumb = replace(dumb, picture=replace(picture(whole.folder, "small", size=(300, 200)), alt=""))
    whole = replace(whole, slots=(replace(whole.slots[0], articles=(dumb,)),))
    assert Print().build(whole, printer).problems != ()
    both = replace(whole, editions=("magazine", "print"))
    assert Print().build(both, printer).problems == ()
