"""How drawings are printed, and codes."""

from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import segno
from PIL import ImageFont

from publisher.content.body import Look, Medium
from publisher.content.drawing import Drawing, Text, measure, wrap
from publisher.content.qr import QUIET_ZONE, qr_data_uri
from publisher.errors import ContentError

LOOK = Look()


def drawing(*words: str) -> Drawing:
    made = Drawing(LOOK, 100, 40)
    made.texts = [
        Text(90, 10 + 10 * place, word, 7.5, LOOK.ink, "end") for place, word in enumerate(words)
    ]
    return made


def test_on_paper_words_are_html_that_the_page_can_shape() -> None:
    html = drawing("مصر", "A<b").render("The & chart", Medium.PRINT)
    assert "<text" not in html
    assert 'dir="rtl"' in html
    assert ">مصر</span>" in html
    assert "A&lt;b" in html
    assert "<title>The &amp; chart</title>" in html


def test_on_screen_words_are_svg_text_anchored_at_the_same_end() -> None:
    root = ElementTree.fromstring(drawing("مصر", "Egypt").render("x", Medium.WEB))  # noqa: S314  # our own
    arabic, latin = root.iter("{http://www.w3.org/2000/svg}text")
    assert (arabic.get("direction"), arabic.get("text-anchor")) == ("rtl", "start")
    assert (latin.get("direction"), latin.get("text-anchor")) == ("ltr", "end")


def test_words_are_read_row_by_row() -> None:
    made = drawing("Egypt", "Libya")
    made.texts += [
        Text(95, place, word, 7.5, LOOK.ink, "start") for word, place in (("7", 20), ("112", 10))
    ]
    html = made.render("x", Medium.PRINT)
    places = [html.index(f">{word}</span>") for word in ("Egypt", "112", "Libya", "7")]
    assert places == sorted(places)


def test_text_is_measured_with_the_themes_font() -> None:
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.exists():
        pytest.skip("needs a font to measure with")
    expected = ImageFont.truetype(path, 100).getlength("Wide words") / 10
    assert measure("Wide words", 10, Look(regular=path)) == pytest.approx(expected)


def test_arabic_is_measured_with_its_own_face_and_a_little_larger() -> None:
    path = Path(__file__).parents[2] / "templates/static/fonts/amiri-regular.ttf"
    expected = ImageFont.truetype(path, 100).getlength("الجزائر") / 10 * 1.12
    assert measure("الجزائر", 10, Look(arabic=path)) == pytest.approx(expected)
    assert measure("漢字", 10, LOOK) == pytest.approx(20)


def test_a_font_that_is_gone_does_not_stop_the_drawing() -> None:
    assert measure("Wide words", 10, Look(regular=Path("/nowhere.ttf"))) > 30


def test_a_long_label_breaks_into_at_most_three_lines() -> None:
    lines = wrap("The Great Man-Made River authority of the far southern districts", 7.5, 60, LOOK)
    assert len(lines) == 3
    assert wrap("", 7.5, 60, LOOK) == [""]


# ---- codes -----------------------------------------------------------------------


def test_a_code_keeps_its_quiet_zone_and_can_lose_some_modules() -> None:
    address = "https://sirocco.example/quiz?week=2026-W47"
    svg = unquote(qr_data_uri(address).partition(",")[2])
    code = segno.make_qr(address, error="m")
    side = (code.symbol_size(border=0)[0] + 2 * QUIET_ZONE) * 4
    assert f"width='{side}'" in svg
    assert str(code.error) in ("M", "Q", "H")


@pytest.mark.parametrize(
    "address", ["", "quiz", "ftp://a.example", "https://", "https://a b", "http://[", "tel:1"]
)
def test_what_is_no_web_address_gets_no_code(address: str) -> None:
    with pytest.raises(ContentError, match="no web address"):
        qr_data_uri(address)


def test_an_address_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ContentError, match="too long"):
        qr_data_uri("https://a.example/" + "x" * 5000)
