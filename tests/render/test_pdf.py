"""The PDF engine: what it may read, what it tells, that its short cuts change nothing."""

from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from publisher.render.pdf import Galley, Indoors, Ruler, Stock, print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.signatures import Shelf

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc"
    b"\xf8\xcf\xc0\0\0\3\1\1\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82"
)


def page(body: str, style: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><title>T</title><style>'
        f"@page {{ size: 100mm 100mm; margin: 10mm }} {style}</style></head>"
        f"<body>{body}</body></html>"
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The one folder that may be read, with a picture; beside it one that may not."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "in.png").write_bytes(PNG)
    (tmp_path / "out.png").write_bytes(PNG)
    (tmp_path / "house-next-door").mkdir()
    (tmp_path / "house-next-door" / "out.png").write_bytes(PNG)
    return folder


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "../out.png",
        "%2e%2e/out.png",
        "..%2fout.png",
        "../house-next-door/out.png",
        "http://127.0.0.1:9/out.png",
        "https://127.0.0.1:9/out.png",
        "ftp://127.0.0.1/out.png",
        "//127.0.0.1/out.png",
        "file://127.0.0.1/etc/passwd",
        "link.png",
        "linked/out.png",
    ],
)
def test_nothing_outside_its_folders_can_be_read(address: str, house: Path) -> None:
    (house / "link.png").symlink_to(house.parent / "out.png")
    (house / "linked").symlink_to(house.parent)
    printed = print_pdf(page(f'<img src="{address}" alt="x">'), base=house, roots=[house])
    serious = [remark.text for remark in printed.remarks if remark.serious]
    assert len(serious) == 1
    assert "cannot be used" in serious[0]
    with pikepdf.open(_saved(printed.data, house)) as pdf:
        assert "/XObject" not in pdf.pages[0].Resources or not pdf.pages[0].Resources.XObject


def _saved(data: bytes, folder: Path) -> Path:
    path = folder / "made.pdf"
    path.write_bytes(data)
    return path


def test_style_sheets_and_fonts_from_outside_are_refused_too(house: Path) -> None:
    style = (
        '@import url("http://127.0.0.1:9/x.css");'
        '@font-face { font-family: F; src: url("file:///etc/passwd") }'
    )
    printed = print_pdf(page("<p>x</p>", style), base=house, roots=[house])
    assert len([remark for remark in printed.remarks if "engine" in remark.text]) == 2


def test_pictures_inside_are_read(house: Path) -> None:
    printed = print_pdf(page('<img src="in.png" alt="dot">'), base=house, roots=[house])
    assert not [remark for remark in printed.remarks if remark.serious]


def test_the_fetcher_refuses_with_a_reason(house: Path) -> None:
    with pytest.raises(ValueError, match="outside"):
        Indoors([house]).fetch((house.parent / "out.png").as_uri())


def test_a_lost_picture_is_a_remark_with_its_name(house: Path) -> None:
    printed = print_pdf(page('<img src="lost.jpg" alt="x">'), base=house, roots=[house])
    assert [remark.subject for remark in printed.remarks if remark.serious] == ["lost.jpg"]


def test_an_unknown_property_is_a_remark(house: Path) -> None:
    printed = print_pdf(page("<p>x</p>", "p { wobble: 3px }"), base=house, roots=[house])
    assert any("wobble" in remark.text for remark in printed.remarks)


def test_a_face_that_is_not_ours_is_a_remark(house: Path) -> None:
    printed = print_pdf(page("<p>x</p>", "p { font-family: serif }"), base=house, roots=[house])
    assert any("none of the magazine's fonts" in remark.text for remark in printed.remarks)


def test_what_does_not_fit_its_page_is_a_remark(house: Path) -> None:
    body = '<img src="in.png" alt="dot" style="display: block; width: 5mm; height: 200mm">'
    printed = print_pdf(page(body), base=house, roots=[house])
    assert any(remark.page and "more than fits" in remark.text for remark in printed.remarks)


LINES = "<p>" + "An extraordinary afternoon of wandering and understanding. " * 40 + "</p>"
COLUMNS = "div { columns: 3; hyphens: auto; text-align: justify; font-size: 8pt }"


def test_remembering_lines_changes_no_page(house: Path) -> None:
    html = page(f'<div class="body">{LINES * 3}</div>', COLUMNS)
    quick = print_pdf(html, base=house, roots=[house])
    plain = print_pdf(html, base=house, roots=[house], fast=False)
    assert looks(quick.data) == looks(plain.data)
    assert quick.leaves == plain.leaves


def looks(data: bytes) -> list[bytes]:
    """Every page as pixels."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            return [page.render(scale=1.5).to_pil().tobytes() for page in document]
        finally:
            document.close()


RIGHT_TO_LEFT = '<p dir="rtl" lang="ar" style="direction: rtl">' + "كلمات " * 200 + "</p>"
WITH_A_FLOAT = '<p><span style="float: left; font-size: 30pt">A</span>' + LINES.removeprefix("<p>")
WITH_A_NOTE = LINES.replace("wandering", 'wandering<span class="note">A note.</span>', 1)


def test_lines_beside_floats_notes_and_from_the_right_look_the_same(house: Path) -> None:
    body = f'<div class="body">{WITH_A_FLOAT}{LINES}{WITH_A_NOTE}{RIGHT_TO_LEFT}{LINES}</div>'
    html = page(body, COLUMNS + ".note { float: footnote }")
    quick = print_pdf(html, base=house, roots=[house])
    plain = print_pdf(html, base=house, roots=[house], fast=False)
    assert looks(quick.data) == looks(plain.data)


def test_a_galley_laid_out_again_looks_as_if_it_were_new(house: Path) -> None:
    def html(size: float) -> str:
        give = f'<div data-give="height" style="height: {size}mm"></div>'
        return page(f"{give}<div>{LINES}{WITH_A_NOTE}{LINES}</div>", COLUMNS)

    stock, shelf = Stock(base=house, roots=[house]), Shelf(house / "shelf")
    stretched = Galley(html(10), stock)
    assert stretched.gives
    before = stretched.lay()
    stretched.lay(55)
    after = stretched.lay(30)
    fresh = Galley(html(30), stock)
    assert after == fresh.lay()
    assert after != before
    assert looks(stretched.sign(shelf)[0].data) == looks(fresh.sign(shelf)[0].data)


def test_an_untested_engine_works_without_the_memo(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = page(f"<div>{LINES}</div>", COLUMNS)
    expected = print_pdf(html, base=house, roots=[house]).data
    monkeypatch.setattr("publisher.render.pdf.memo.TESTED", "0.0")
    assert print_pdf(html, base=house, roots=[house]).data == expected


def test_the_ruler_tells_pages_fill_and_gaps(house: Path) -> None:
    box = '<figure data-block="1" style="height: 60mm; break-inside: avoid; margin: 0"></figure>'
    text = '<p data-block="0">' + "Words go here. " * 10 + "</p>"
    after = '<p data-block="2">' + "Words go on here. " * 200 + "</p>"
    html = page(
        f'<div class="body">{text}{box}{after}</div>',
        "div { columns: 2; font-size: 9pt } p { margin: 0 }",
    )
    leaves = Ruler(base=house, roots=[house]).leaves(html)
    assert len(leaves) >= 2
    assert leaves[0].fill > 0.9
    short, number = leaves[0].gaps[0]
    assert number == 1
    assert short > 10
