"""Lines of neighbouring columns, and of facing pages, stand on one grid."""

import ctypes
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from publisher.config import Publication
from publisher.content.article import Kind
from publisher.render.folders import TEMPLATES
from publisher.render.pdf import print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.setting import Setting
from tests.render.conftest import PARAGRAPH, publication_in
from tests.render.issues import article, folder_of, issue, picture, slot

_NEARLY = 0.25  #: points: a tenth of a millimetre
#: what stands between paragraphs: everything that is not as tall as so many lines
_BETWEEN = (
    '![A view](pictures/view.jpg "A caption that is long enough to need a second line, or more."){ credit="Someone, CC0" }',
    "## A crosshead",
    "/// fact-box | Words\n- **One**: a word.\n- **Two**: another word, a little longer.\n///",
    "- a list\n- of three\n- items",
    "/// pull-quote\nNobody remembered another shape.\n\n-- Ada Writer\n///",
    "> A quotation of some length, which stands apart from what is said around it.",
    "Name | Metres\n--- | ---\nToubkal | 4167\nChambi | 1544",
    "A paragraph with <b>bold</b>, *italic*, H~2~O and a note.[^1]",
)


@dataclass(frozen=True)
class Line:
    """A line of running text."""

    page: int
    x: float
    y: float  #: of its baseline, points below the head of the paper


def lines_of(data: bytes, size: float) -> list[Line]:
    """The lines of running text in a PDF, known by the size of their type."""
    found = []
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            for number, page in enumerate(document, 1):
                for (y, x), count in _rows(page, size).items():
                    if count > 12:  # a superscript or a number is no line
                        found.append(Line(number, x, y))
        finally:
            document.close()
    return found


def _rows(page: pypdfium2.PdfPage, size: float) -> Counter[tuple[float, float]]:
    """How many letters of a size stand on a height, column by column."""
    text, height, width = page.get_textpage(), page.get_height(), page.get_width()
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    rows: Counter[tuple[float, float]] = Counter()
    for index in range(text.count_chars()):
        pdfium.FPDFText_GetMatrix(text, index, matrix)
        if abs(pdfium.FPDFText_GetFontSize(text, index) * matrix.d - size) > 0.05:
            continue
        pdfium.FPDFText_GetCharOrigin(text, index, x, y)
        column = x.value // (width / 6)
        rows[round(height - y.value, 2), column] += 1
    return rows


def printed(publication: Publication, kind: Kind, picture_of: str) -> tuple[bytes, float, float]:
    """A long piece of a kind with everything in it, its type size and its leading in points."""
    folder = folder_of(publication)
    picture(folder, "view", size=(1800, 1130))
    body = "\n\n".join(f"{PARAGRAPH}\n\n{between}" for between in _BETWEEN * 2) + f"\n\n{PARAGRAPH}"
    piece = article(
        "piece",
        "A headline that is long enough for two lines of it on any page",
        body=body + "\n\n[^1]: What is noted.",
        section="Culture",
        byline="Ada Writer",
        standfirst="A standfirst that says what it is about, in more than a few words.",
        picture=picture(folder, "lead", size=(2600, 1900)) if picture_of else None,
    )
    made = issue(publication, [slot(publication, piece, kind=kind, cover=picture_of == "cover")])
    setting = Setting(made, publication)
    place = next(place for place in setting.places if place.anchor == "piece")
    html = setting.document([setting.part(place)])
    result = print_pdf(html, base=made.folder, roots=[made.folder, TEMPLATES])
    how = setting.dresser.layout(place, setting.dresser.variant(place))
    return result.data, how.text.size, how.text.leading


@pytest.mark.parametrize("theme", ["classic", "modern"])
@pytest.mark.parametrize(
    ("kind", "picture_of"),
    [
        (Kind.NEWS, ""),
        (Kind.NEWS, "lead"),
        (Kind.FEATURE, "lead"),
        (Kind.FEATURE, "cover"),
        (Kind.OPINION, ""),
        (Kind.INTERVIEW, "lead"),
        (Kind.DATA, ""),
    ],
)
def test_lines_of_all_columns_and_pages_share_one_grid(
    theme: str, kind: Kind, picture_of: str, tmp_path: Path
) -> None:
    publication = publication_in(tmp_path / "publication")
    editions = replace(publication.editions, theme=theme)
    data, size, leading = printed(replace(publication, editions=editions), kind, picture_of)
    lines = lines_of(data, size)
    assert len(lines) > 60, "the text was not found"
    assert len({line.page for line in lines}) > 1
    phases: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        phases[round((line.y % leading) / _NEARLY)].append(line)
    usual = max(phases, key=lambda phase: len(phases[phase]))
    off = [line for phase, found in phases.items() if abs(phase - usual) > 1 for line in found]
    assert not off, f"{len(off)} of {len(lines)} lines stand beside the grid: {off[:5]}"


def test_briefs_that_share_a_page_share_its_grid(tmp_path: Path) -> None:
    publication = publication_in(tmp_path / "publication")
    pieces = [
        article(
            f"brief-{n}", "A brief " * (1 + n % 3), body=PARAGRAPH, sources=("Atlas",) * (n % 4)
        )
        for n in range(7)
    ]
    made = issue(publication, [slot(publication, *pieces, kind=Kind.BRIEF)])
    setting = Setting(made, publication)
    html = setting.document([setting.part(setting.places[0])])
    result = print_pdf(html, base=made.folder, roots=[made.folder, TEMPLATES])
    text = setting.theme.layout("brief").text
    lines = lines_of(result.data, text.size)
    assert len(lines) > 40
    first = lines[0].y
    off = [line for line in lines if abs((line.y - first + 1) % text.leading - 1) > _NEARLY]
    assert not off
