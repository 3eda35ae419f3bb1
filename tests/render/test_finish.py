"""What a listener is told of a page: each kind of thing as its own type, in reading order."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from publisher.render.pdf import print_pdf
from publisher.render.templates import STATIC
from tests.render.reading import Voice, elements, kids_of, outline_of

WORDS = [f"word{number}" for number in range(400)]
TEXT = " ".join(WORDS)
STYLE = f"""
@font-face {{ font-family: "Publisher Serif"; src: url({(STATIC / "fonts/serif-regular.ttf").as_uri()}); }}
@font-face {{ font-family: "Publisher Arabic"; src: url({(STATIC / "fonts/amiri-regular.ttf").as_uri()}); }}
@page {{ size: 100mm 100mm; margin: 12mm; @bottom-center {{ content: "folio " counter(page) }} }}
body {{ margin: 0; }}
html {{ font: 9pt/12pt "Publisher Serif", "Publisher Arabic"; }}
.columns {{ columns: 2; column-gap: 4mm; hyphens: auto; text-align: justify; }}
.footnote {{ float: footnote; }}
.dropcap {{ float: left; font-size: 24pt; line-height: 24pt; }}
.block {{ display: block; }}
"""

Print = Callable[[str], pikepdf.Pdf]


@pytest.fixture
def printed(tmp_path: Path) -> Print:
    """Print the body of a document in English."""

    def printer(body: str, language: str = "en") -> pikepdf.Pdf:
        html = (
            f'<!doctype html><html lang="{language}"><head><title>T</title>'
            f"<style>{STYLE}</style></head><body>{body}</body></html>"
        )
        result = print_pdf(html, base=tmp_path, roots=[tmp_path, STATIC])
        assert not [remark for remark in result.remarks if "tags" in remark.text]
        return pikepdf.open(io.BytesIO(result.data))

    return printer


def picture() -> str:
    """A small picture as an address."""
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#a33").save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def only(pdf: pikepdf.Pdf, tag: str) -> Any:
    """The one element of a type."""
    (found,) = [element for element in elements(pdf) if str(element.S) == f"/{tag}"]
    return found


def tree(pdf: pikepdf.Pdf) -> list[str]:
    """The structure tree as indented lines, without the document itself."""
    return [line[2:] for line in outline_of(pdf)[1:]]


def test_a_paragraph_over_columns_and_pages_is_one(printed: Print) -> None:
    pdf = printed(f'<article><h1>Title</h1><div class="columns"><p>{TEXT}</p></div></article>')
    assert len(pdf.pages) > 1
    paragraph = only(pdf, "P")
    assert Voice(pdf).read(paragraph).split() == WORDS


def test_divided_words_are_whole_and_hyphens_of_their_own_stay(printed: Print) -> None:
    text = "An incomprehensible north-western misunderstanding of internationalisation. " * 9
    pdf = printed(f'<article class="columns"><p>{text}</p></article>')
    paragraph = only(pdf, "P")
    assert Voice(pdf).read(paragraph).split() == text.split()
    painted = b"".join(page.obj.Contents.read_bytes() for page in pdf.pages)
    assert painted.count(b"feff00ad") > 2  # words were divided, so this test can fail


def test_a_compound_broken_at_its_hyphen_stays_one_word(printed: Print) -> None:
    pdf = printed("<p>south-<wbr><br>western winds</p><p>1914–<br>18, he said –<br>so there</p>")
    assert tree(pdf) == ["P south-western winds", "P 1914–18, he said – so there"]


def test_hyphens_can_be_found(printed: Print) -> None:
    pdf = printed("<p>A line of incom\u2010<b>prehensible</b> north-western</p>")
    assert "north-western" in Voice(pdf).read(only(pdf, "P"))


def test_lines_end_with_a_space(printed: Print) -> None:
    pdf = printed("<h1>The rivers<br>under the sand</h1>")
    assert tree(pdf) == ["H1 The rivers under the sand"]


def test_folios_are_no_one_s_content(printed: Print) -> None:
    pdf = printed("<p>Text</p>")
    assert tree(pdf) == ["P Text"]
    page = pdf.pages[0]
    assert b"/Artifact\n<</Type /Pagination>>" in page.obj.Contents.read_bytes()


def test_an_initial_is_read_with_its_word(printed: Print) -> None:
    pdf = printed('<p><span class="dropcap">T</span>he wind was at work.</p>')
    assert Voice(pdf).read(only(pdf, "P")).strip() == "The wind was at work."
    assert str(only(pdf, "Span").ActualText).strip() == "The wind was at work."


def test_a_caption_stands_in_its_figure(printed: Print) -> None:
    pdf = printed(
        f'<figure><img src="{picture()}" alt="A red field"><figcaption><span>What we see.</span>'
        " <span>Someone, CC0</span></figcaption></figure>"
    )
    assert tree(pdf) == ["Figure A red field", "  Caption What we see. Someone, CC0"]


def test_a_figure_says_where_it_stands_in_points_from_below(printed: Print) -> None:
    pdf = printed(
        f'<img class="block" src="{picture()}" alt="Red" style="width: 20mm; height: 10mm">'
    )
    box = [float(edge) for edge in only(pdf, "Figure").A.BBox]
    millimetre = 72 / 25.4
    assert box == pytest.approx([one * millimetre for one in (12, 78, 32, 88)], abs=0.1)


def test_a_drawing_s_lettering_belongs_to_it(printed: Print) -> None:
    pdf = printed(
        f'<figure><figcaption>Rain</figcaption><div class="drawing"><img src="{picture()}" '
        'alt="Two bars"><span class="block">40 mm</span></div><p>Source: us</p></figure>'
    )
    assert tree(pdf) == ["Figure Two bars", "  Caption Rain", "P Source: us"]


def test_heads_of_tables_say_what_they_head(printed: Print) -> None:
    pdf = printed(
        '<section id="rain"><table><thead><tr><th>Town</th><th>Rain</th></tr></thead><tbody>'
        '<tr><th scope="row">Tunis</th><td>40</td></tr></tbody></table></section>'
    )
    heads = [element for element in elements(pdf) if element.S == "/TH"]
    assert [str(head.A.Scope) for head in heads] == ["/Column", "/Column", "/Row"]
    ids = [str(head.ID) for head in heads]
    assert ids == ["rain-th-1", "rain-th-2", "rain-th-3"]
    assert {str(one) for one in only(pdf, "TD").A.Headers} == {"rain-th-2", "rain-th-3"}


def test_a_table_s_head_repeated_over_the_page_is_decoration(printed: Print) -> None:
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(40))
    pdf = printed(f"<table><thead><tr><th>Number</th></tr></thead><tbody>{rows}</tbody></table>")
    assert len(pdf.pages) > 1
    assert [line.strip() for line in tree(pdf) if "TH " in line] == ["TH Number"]
    assert len([line for line in tree(pdf) if "TD " in line]) == 40


def test_lists_have_signs_and_bodies(printed: Print) -> None:
    pdf = printed(
        "<ol><li>One</li><li>Two<ul><li>Below</li></ul></li></ol>"
        "<dl><dt>1 May</dt><dd>A day.</dd><dd>A night.</dd></dl>"
    )
    assert tree(pdf) == [
        "L",
        "  LI",
        "    Lbl 1.",
        "    LBody One",
        "  LI",
        "    Lbl 2.",
        "    LBody Two ◦ Below",
        "      L",
        "        LI",
        "          Lbl ◦",
        "          LBody Below",
        "L",
        "  LI",
        "    Lbl 1 May",
        "    LBody A day. A night.",
    ]


def test_a_footnote_is_heard_after_the_paragraph_it_explains(printed: Print) -> None:
    pdf = printed(
        '<article id="one"><p>First<span class="footnote">A note.</span> sentence.</p>'
        "<p>Second paragraph.</p></article>"
    )
    assert tree(pdf) == [
        "Art",
        "  P First1 sentence.",
        "    Reference 1",
        "  Note 1. A note.",
        "    Lbl 1.",
        "  P Second paragraph.",
    ]
    assert str(only(pdf, "Note").ID) == "one-note-1"


def test_a_link_over_two_lines_is_one_link_and_nothing_else_is(printed: Print) -> None:
    words = "a link that is so long that it does not fit on one line of this page " * 2
    pdf = printed(f'<p>See <a href="https://a.example/"><b>{words}</b></a> for more.</p>')
    link = only(pdf, "Link")
    clicks = [kid for kid in kids_of(link) if not isinstance(kid, int)]
    annotations = list(pdf.pages[0].obj.Annots)
    assert len(clicks) == len(annotations) >= 2
    assert {kid.Obj.objgen for kid in clicks} == {one.objgen for one in annotations}
    assert all(str(one.Contents) == words.strip() for one in annotations)
    owners = pdf.Root.StructTreeRoot.ParentTree.Nums
    by_key = dict(zip([int(key) for key in list(owners)[::2]], list(owners)[1::2], strict=True))
    assert all(by_key[int(one.StructParent)].objgen == link.objgen for one in annotations)


def test_contents_are_a_table_of_contents(printed: Print) -> None:
    pdf = printed(
        '<div role="doc-toc"><a class="block" href="#one"><span>3</span> One</a>'
        '<a class="block" href="#two"><span>4</span> Two</a></div><p id="one">x</p><p id="two">y</p>'
    )
    assert tree(pdf)[:7] == [
        "TOC",
        "  TOCI",
        "    Reference",
        "      Link 3 One",
        "  TOCI",
        "    Reference",
        "      Link 4 Two",
    ]


def test_what_is_hidden_from_listeners_is_decoration(printed: Print) -> None:
    pdf = printed(
        '<p>Text <span aria-hidden="true">* * *</span></p>'
        '<p role="presentation"><a href="https://a.example/">~</a></p>'
    )
    assert tree(pdf) == ["P Text"]
    assert not list(pdf.pages[0].obj.get("/Annots", []))


def test_what_stands_beside_a_piece_is_heard_after_it(printed: Print) -> None:
    pdf = printed(
        '<article><div role="complementary"><p>The house</p></div><h1>Letter</h1></article>'
    )
    assert tree(pdf) == ["Art", "  H1 Letter", "  Sect", "    P The house"]


def test_a_line_under_a_word_belongs_to_the_word(printed: Print) -> None:
    pdf = printed('<p>So <u style="text-decoration: underline">it</u> is.</p>')
    depth = 0
    for instruction in pikepdf.parse_content_stream(pdf.pages[0]):
        operator = str(instruction.operator)
        if operator in ("BDC", "BMC"):
            assert not (depth and str(instruction.operands[0]) == "/Artifact")
            depth += 1
        depth -= operator == "EMC"
    assert tree(pdf) == ["P So it is."]


def test_right_to_left_lines_are_read_in_their_order(printed: Print) -> None:
    text = "بدأت المنارة نارًا تهدي السفن"
    pdf = printed(
        f'<article id="a" lang="ar" dir="rtl"><p style="direction: rtl">{text}</p></article>'
    )
    article = only(pdf, "Art")
    assert str(article.Lang) == "ar"
    assert Voice(pdf).read(article).strip() == text


def test_a_language_is_named_where_it_changes(printed: Print) -> None:
    pdf = printed(
        '<article id="one" lang="fr"><p>Bonjour <span lang="en">world</span></p></article>'
        '<article id="two" lang="en"><p lang="en">Hello</p></article>'
    )
    named = [(str(one.S), str(one.Lang)) for one in elements(pdf) if "/Lang" in one]
    assert named == [("/Art", "fr"), ("/Span", "en"), ("/Art", "en")]


def test_headings_leave_out_no_rank(printed: Print) -> None:
    pdf = printed("<h2>One</h2><h5>Two</h5><h5>Three</h5><h2>Four</h2>")
    assert tree(pdf) == ["H1 One", "H2 Two", "H3 Three", "H2 Four"]


def test_words_of_a_box_are_apart_from_their_neighbours(printed: Print) -> None:
    pdf = printed('<p><b>CULTURE</b><i style="margin-left: 2mm">12</i></p>')
    assert tree(pdf) == ["P CULTURE 12"]


def test_boxes_that_only_lay_out_leave_no_trace(printed: Print) -> None:
    pdf = printed(
        '<section><div><div class="columns"><header><p>One</p></header><div>Two</div></div></div>'
        '<div><span class="block"></span></div></section>'
    )
    assert tree(pdf) == ["Sect", "  P One", "  P Two"]


def test_a_group_in_a_group_of_its_own_is_one(printed: Print) -> None:
    pdf = printed('<article lang="fr"><aside><p>One</p><p>Two</p></aside></article>')
    assert tree(pdf) == ["Sect", "  P One", "  P Two"]
    assert str(only(pdf, "Sect").Lang) == "fr"


def test_text_that_cannot_be_tagged_is_told_of(tmp_path: Path) -> None:
    html = '<html lang="en"><title>T</title><p style="opacity: 0.5">Faint</p></html>'
    remarks = print_pdf(html, base=tmp_path, roots=[tmp_path]).remarks
    assert [one.text for one in remarks if "opacity" in one.text]


def test_the_same_page_is_tagged_the_same(printed: Print) -> None:
    body = f'<article><div class="columns"><p>{TEXT}</p></div></article>'
    assert outline_of(printed(body)) == outline_of(printed(body))
