"""Faults of the setting, found on pages that the engine laid out."""

from weasyprint import HTML

from publisher.render.spots import Fault, faults_of, on_page

STYLE = """<style>
@page { size: 100mm 100mm; margin: 10mm }
body { font: 10pt/12pt "DejaVu Sans", sans-serif; margin: 0 }
p, h1, h2 { margin: 0; orphans: 1; widows: 1; font-size: 10pt; line-height: 12pt }
h2 { break-after: auto }
.columns { columns: 2; column-gap: 4mm; column-fill: auto }
</style>"""
LINES = 18  #: of a page or column


def faults(body: str) -> tuple[Fault, ...]:
    document = HTML(string=STYLE + body).render()
    return faults_of([page._page_box for page in document.pages])


def lines(count: int) -> str:
    """A paragraph of so many lines, whatever the width."""
    return "<p>" + "<br>".join(f"line {n}" for n in range(1, count + 1)) + "</p>"


def kinds(body: str) -> list[str]:
    return [fault.kind for fault in faults(body)]


def test_good_pages_have_no_faults() -> None:
    assert faults(f"<h2>Title</h2>{lines(10)}<div class=columns>{lines(4)}{lines(3)}</div>") == ()


def test_a_last_line_alone_on_the_next_page_is_a_widow() -> None:
    (fault,) = faults(lines(LINES + 1))
    assert (fault.kind, fault.page, fault.text) == ("widow", 2, f"line {LINES + 1}")
    assert (fault.x, fault.y) == (10, 10)
    assert 4 < fault.height < 4.5


def test_a_first_line_alone_on_a_page_is_an_orphan() -> None:
    (fault,) = faults(lines(LINES - 1) + lines(4))
    assert (fault.kind, fault.page, fault.text) == ("orphan", 1, "line 1")


def test_a_last_line_alone_in_the_next_column_is_a_widow_there() -> None:
    (fault,) = faults(f"<div class=columns>{lines(LINES + 1)}{lines(3)}</div>")
    assert (fault.kind, fault.page) == ("widow", 1)
    assert fault.x == 52


def test_a_paragraph_of_one_line_is_whole() -> None:
    assert kinds(f"<div class=columns>{lines(LINES)}{lines(1)}{lines(1)}</div>") == []


def test_a_heading_at_the_foot_of_a_page_is_stranded() -> None:
    (fault,) = faults(f"{lines(LINES - 1)}<h2>Water</h2>{lines(4)}")
    assert (fault.kind, fault.page, fault.text) == ("stranded", 1, "Water")


def test_a_heading_at_the_foot_of_a_column_is_stranded() -> None:
    body = f"<div class=columns>{lines(LINES - 1)}<h2>Water</h2>{lines(4)}</div>"
    assert kinds(body) == ["stranded"]


def test_a_heading_above_columns_is_not_stranded() -> None:
    assert kinds(f"<h2>Water</h2><div class=columns>{lines(20)}</div>") == []


def test_a_headline_beside_its_text_is_not_stranded() -> None:
    side = "<div style='display: flex'><div style='width: 30mm'><h1>Water</h1></div>"
    assert kinds(f"{side}<div>{lines(6)}</div></div>") == []


def test_a_word_too_long_for_its_column_is_wide() -> None:
    (fault,) = faults(f"<div class=columns>{lines(3)}<p>{'m' * 16}</p>{lines(16)}</div>")
    assert fault.kind == "wide"
    assert fault.width > 38


def test_a_table_cell_that_holds_too_long_a_word_is_wide() -> None:
    table = "<table style='table-layout: fixed; width: 30mm'><tr><td>{}<td>b</table>"
    assert kinds(table.format("m" * 14)) == ["wide"]
    assert kinds(table.format("m")) == []


def test_text_beyond_the_edge_is_off_the_page() -> None:
    (fault,) = faults(f"<p>{'m' * 60}</p>")
    assert fault.kind == "off-page"
    assert fault.x + fault.width > 100


def test_what_is_set_aside_on_purpose_is_no_fault() -> None:
    aside = "<p style='position: absolute; left: 200mm'>far away</p>"
    assert kinds(aside + lines(3)) == []


def test_faults_of_a_part_are_counted_with_the_pages_before_it() -> None:
    found = faults(lines(LINES + 1))
    assert on_page(found, 1) == ()
    assert on_page(found, 2, shift=10)[0].page == 12
