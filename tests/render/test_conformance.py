"""The bound magazine before two independent checkers of PDF/UA-1, and broken before them."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import outloud
import pdfua
import pikepdf
import pytest
from fontTools.ttLib import TTFont
from pikepdf import Dictionary, Name

from publisher.render.archive import seal, written
from publisher.render.pdf import print_pdf
from publisher.render.templates import STATIC
from tests.render.conftest import Copy
from tests.render.reading import elements
from tests.render.test_archive import ABOUT, FONT, faults

#: findings that may stay, none of them an error, and why
KNOWN = {
    "ORD-001": "styles paint absolute boxes last; whoever listens goes by the tree",
    "PAG-001": "a rule of thumb: lines that recur near an edge, such as titles of fillers",
    "HDG-010": "a rule of thumb: the headline of the editor's letter greets its readers",
    "TAG-030": "a rule of thumb for scans: these are pictures that fill a page under their words",
    "TXT-004": "an Arabic letter has many shapes, and all are that letter",
}
PAGE = f"""<!doctype html><html lang="en"><head><title>A page</title><style>
@font-face {{ font-family: "Publisher Serif"; src: url({FONT}); }}
@page {{ @bottom-center {{ content: "folio" }} }}
html {{ font: 10pt "Publisher Serif" }}</style></head><body><article><h1>Title of a piece</h1>
<p>Text with a <a href="https://a.example/">link that leads on</a>.</p>
<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><title>A red field on a plain</title>
<rect width="90" height="60" fill="#a33"/></svg><ul><li>One thing</li></ul>
<table><thead><tr><th scope="col">Town</th><th scope="col">Rain</th></tr></thead>
<tbody><tr><td>Tunis</td><td>40</td></tr></tbody></table></article></body></html>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed page with a bit of everything."""
    folder = tmp_path_factory.mktemp("page")
    printed = print_pdf(PAGE, base=folder, roots=[folder, STATIC])
    with pikepdf.open(io.BytesIO(printed.data)) as pdf:
        assert seal(pdf, ABOUT) == []
        return written(pdf)


def complaints(path: Path) -> set[str]:
    """The rules of either checker that a file breaks."""
    result = outloud.check(str(path))
    assert result.error is None
    found = {finding.rule for finding in result.findings}
    return found | {finding.rule_id for finding in pdfua.validate(str(path)).findings}


def test_the_magazine_passes_but_for_what_is_known(copy: Copy) -> None:
    result = outloud.check(str(copy.path))
    assert result.error is None
    assert {finding.rule for finding in result.findings} <= set(KNOWN)
    assert {finding.severity for finding in result.findings} <= {"warning", "info"}
    assert not [run for run in result.runs if run.status == "crashed"]


def test_the_other_checker_finds_nothing(copy: Copy) -> None:
    report = pdfua.validate(str(copy.path))
    assert not report.findings
    skipped = {outcome.rule_id for outcome in report.outcomes if outcome.skipped_reason}
    # its rule for headings trips over its own reading of arrays; outloud has one, and so do we
    assert skipped <= {"UA-14-001"}


def test_the_magazine_is_an_archive(pdf: pikepdf.Pdf) -> None:
    assert faults(pdf) == []


def _streams(pdf: pikepdf.Pdf) -> Iterator[tuple[Any, Any]]:
    """Every content stream with its resources: pages, forms, patterns."""
    for page in pdf.pages:
        yield page, page.obj.Resources
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and (
            item.get("/Subtype") == "/Form" or item.get("/PatternType") == 1
        ):
            yield item, item.get("/Resources", Dictionary())


def _widths(font: Any) -> dict[int, float]:
    found: dict[int, float] = {}
    runs = list(font.W)
    for start, run in zip(runs[::2], runs[1::2], strict=True):
        found |= {int(start) + place: float(width) for place, width in enumerate(run)}
    return found


def test_every_glyph_shown_is_in_its_font_as_wide_as_said_and_has_a_letter(
    pdf: pikepdf.Pdf,
) -> None:
    """ISO 19005-3, 6.2.11.4.1, 6.2.11.5, 6.2.11.7.2 and 6.2.11.8, on the font files themselves."""
    shown: dict[Any, tuple[Any, set[int]]] = {}
    for stream, resources in _streams(pdf):
        codes: set[int] = set()
        for instruction in pikepdf.parse_content_stream(stream):
            if str(instruction.operator) == "Tf":
                font: Any = resources.Font[str(instruction.operands[0])]
                codes = shown.setdefault(font.objgen, (font, set()))[1]
            elif str(instruction.operator) == "TJ":
                for part in instruction.operands[0]:
                    if isinstance(part, pikepdf.String):
                        text = bytes(part)
                        pairs = range(0, len(text), 2)
                        codes |= {int.from_bytes(text[at : at + 2], "big") for at in pairs}
    assert len(shown) > 5
    for font, codes in shown.values():
        inside = font.DescendantFonts[0]
        file = TTFont(io.BytesIO(inside.FontDescriptor.FontFile2.read_bytes()))
        names, scale = file.getGlyphOrder(), 1000 / file["head"].unitsPerEm
        said, usual = _widths(inside), float(inside.get("/DW", 1000))
        letters = re.findall(rb"<([0-9a-f]{4})> <[0-9a-f]+>", font.ToUnicode.read_bytes())
        assert 0 not in codes
        assert codes <= {int(code, 16) for code in letters}
        for code in codes:
            true = file["hmtx"][names[code]][0] * scale
            assert abs(said.get(code, usual) - true) <= 1, f"{font.BaseFont} {code}"


def test_graphics_states_are_nested_no_deeper_than_archives_allow(pdf: pikepdf.Pdf) -> None:
    for stream, _ in _streams(pdf):
        depth = deepest = 0
        for instruction in pikepdf.parse_content_stream(stream):
            depth += {"q": 1, "Q": -1}.get(str(instruction.operator), 0)
            deepest = max(deepest, depth)
        assert depth == 0
        assert deepest <= 28  # ISO 19005-3, 6.1.13


def test_no_tagged_content_hides_in_forms(pdf: pikepdf.Pdf) -> None:
    """What is printed over pages is decoration, and its old numbers would claim others' tags."""
    forms = [stream for stream, _ in _streams(pdf) if isinstance(stream, pikepdf.Stream)]
    assert forms
    assert not [form for form in forms if b"/MCID" in form.read_bytes()]


def first(pdf: pikepdf.Pdf, tag: str) -> Any:
    return next(element for element in elements(pdf) if str(element.S) == f"/{tag}")


def mute_picture(pdf: pikepdf.Pdf) -> None:
    del first(pdf, "Figure")["/Alt"]


def lose_language(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Lang"]


def lose_title(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Metadata"]


def skip_a_rank(pdf: pikepdf.Pdf) -> None:
    first(pdf, "H1").S = Name.H4


def unknown_type(pdf: pikepdf.Pdf) -> None:
    first(pdf, "P").S = Name.Absatz


def loose_folio(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0].obj
    content = page.Contents.read_bytes()
    assert b"/Artifact\n<</Type /Pagination>>\nBDC" in content
    page.Contents = pdf.make_stream(
        content.replace(b"/Artifact\n<</Type /Pagination>>\nBDC", b"/Span BMC")
    )


def loose_link(pdf: pikepdf.Pdf) -> None:
    link = first(pdf, "Link")
    link.K = pikepdf.Array([kid for kid in link.K if not isinstance(kid, Dictionary)])
    del pdf.pages[0].obj.Annots[0]["/StructParent"]


def headless_table(pdf: pikepdf.Pdf) -> None:
    for element in elements(pdf):
        if str(element.S) == "/TH":
            element.S = Name.TD


def item_without_list(pdf: pikepdf.Pdf) -> None:
    first(pdf, "L").S = Name.Sect


def tab_by_row(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Tabs = Name.R


@pytest.mark.parametrize(
    ("spoil", "rules"),
    [
        (mute_picture, {"FIG-001"}),
        (lose_language, {"DOC-013"}),
        (lose_title, {"DOC-010", "DOC-012"}),
        (skip_a_rank, {"HDG-002"}),
        (unknown_type, {"TAG-010"}),
        (loose_folio, {"TAG-001"}),
        (loose_link, {"LNK-001"}),
        (headless_table, {"UA-15-003"}),
        (item_without_list, {"LST-001"}),
        (tab_by_row, {"LNK-005"}),
    ],
)
def test_the_checkers_see_what_is_broken(
    spoil: Callable[[pikepdf.Pdf], None], rules: set[str], page: bytes, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.pdf", tmp_path / "broken.pdf"
    whole.write_bytes(page)
    with pikepdf.open(whole) as pdf:
        spoil(pdf)
        pdf.save(broken)
    assert rules <= complaints(broken) - complaints(whole)
