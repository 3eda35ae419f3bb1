"""Whole issues in Arabic and French, seen as their readers see them."""

import re
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from publisher.content.article import Kind
from publisher.render import Rendered
from publisher.render.magazine import Magazine
from publisher.render.numerals import counter_style, page_number
from publisher.render.pdf import print_pdf
from publisher.render.templates import STATIC, day
from tests.render.conftest import publication_in
from tests.render.issues import article, issue, slot
from tests.render.languages import sample
from tests.render.looking import Pages, colour_at, same_as_kept

#: a line in each script an editor may type, and in which of our faces it is printed
SCRIPTS = {
    "Tifinagh": "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⵉⴼⵉⵏⴰⵖ",
    "Chinese": "中文简体：汉字、標點。「引號」",
    "Japanese": "日本語の文章、カタカナ。",
    "Korean": "한국어 문장입니다.",
    "Amharic": "አማርኛ ጽሑፍ ነው።",
    "N’Ko": "ߒߞߏ ߞߊ߲",
    "Hebrew": "שלום עולם",
    "Greek": "Ελληνικά κείμενα",
    "Russian": "Кириллица ёжик",
    "Armenian": "Հայերեն գիր",
    "Georgian": "ქართული ენა",
    "Arabic": "السلام عليكم",
}


class Magazined:
    """An issue as it was printed."""

    def __init__(self, folder: Path, language: str) -> None:
        self.issue, self.publication = sample(folder, language)
        self.rendered: Rendered = Magazine().build(self.issue, self.publication)
        self.pages = Pages(self.rendered.files[0])


@pytest.fixture(scope="module")
def cairo(tmp_path_factory: pytest.TempPathFactory) -> Magazined:
    """The Arabic issue as it is printed in Cairo."""
    return Magazined(tmp_path_factory.mktemp("cairo"), "ar-EG")


@pytest.fixture(scope="module")
def paris(tmp_path_factory: pytest.TempPathFactory) -> Magazined:
    """The French issue."""
    return Magazined(tmp_path_factory.mktemp("paris"), "fr")


@pytest.fixture(params=["cairo", "paris"])
def either(request: pytest.FixtureRequest) -> Magazined:
    """Both issues, one after the other."""
    made: Magazined = request.getfixturevalue(request.param)
    return made


def test_nothing_is_wrong_with_either_issue(either: Magazined) -> None:
    assert [problem.message for problem in either.rendered.problems] == []


def test_an_arabic_issue_is_bound_on_its_right(cairo: Magazined, paris: Magazined) -> None:
    with pikepdf.open(cairo.rendered.files[0]) as pdf:
        assert pdf.Root.ViewerPreferences.Direction == pikepdf.Name.R2L
        assert pdf.Root.Lang == "ar-EG"
    with pikepdf.open(paris.rendered.files[0]) as pdf:
        assert "/Direction" not in pdf.Root.get("/ViewerPreferences", {})


def test_folios_stand_at_the_outer_edge(cairo: Magazined, paris: Magazined) -> None:
    # the second page of a book read from the right lies on the right
    for made, left in ((cairo, 3), (paris, 2)):
        language = made.publication.language
        month = day(made.issue.date, language, "MMMM")
        for number in (2, 3):
            spots = made.pages.spots(number, page_number(number, language))
            feet = [spot for spot in spots if spot.y > 280]
            date = next(spot for spot in made.pages.spots(number, month) if spot.y > 280)
            wide = date.wide if number != left else 0.0
            assert min(abs(wide - foot.x) for foot in feet) < 24
            assert abs(wide - date.x) > 30


def test_flags_stand_at_the_outer_edge(cairo: Magazined, paris: Magazined) -> None:
    for made, left in ((cairo, 3), (paris, 2)):
        for number in (2, 3):
            page = made.pages.picture(number)
            outer, inner = (20, 190) if number == left else (190, 20)
            assert max(colour_at(page, outer, 2)) < 140
            assert min(colour_at(page, inner, 2)) > 220


def test_columns_are_read_from_the_right(cairo: Magazined, paris: Magazined) -> None:
    number = cairo.pages.find("يكتمل القمر")
    first, second, third = (
        cairo.pages.spot(number, words).x for words in ("يكتمل القمر", "يقول المثل", "تفتح مكتبة")
    )
    assert first > second + 30 > third + 60
    number = paris.pages.find("La pleine Lune")
    first, second = (
        paris.pages.spot(number, words).x for words in ("La pleine", "La Méditerranée")
    )
    assert first < second - 30


def test_tables_and_charts_begin_on_the_right(cairo: Magazined, paris: Magazined) -> None:
    number = cairo.pages.find("السلسلة")
    country, peak, range_ = (
        cairo.pages.spot(number, head).x for head in ("البلد", "القمة", "السلسلة")
    )
    assert country > peak > range_
    assert max(spot.x for spot in cairo.pages.spots(number, "تاهات")) > 150  # the chart's labels
    number = paris.pages.find("Massif")
    assert paris.pages.spot(number, "Pays").x < paris.pages.spot(number, "Massif").x


def test_contents_name_pages_in_the_digits_of_the_press(cairo: Magazined) -> None:
    contents = cairo.pages.text(2)
    for slug, number in cairo.rendered.anchors:
        written = page_number(number, "ar-EG")
        assert written in contents, f"{slug} begins on page {written}"
    assert "العدد ٧" in cairo.pages.text(1)
    assert "٢١ نوفمبر ٢٠٢٦" in cairo.pages.text(1)


def test_digits_follow_the_region_unless_the_tag_names_them() -> None:
    assert [page_number(12, tag) for tag in ("ar-EG", "ar-TN", "ar", "en", "fa")] == (
        ["١٢", "12", "12", "12", "۱۲"]
    )
    assert page_number(12, "ar-u-nu-arab") == "١٢"
    assert page_number(12, "ar-EG-u-nu-latn") == "12"
    assert (counter_style("ar-EG"), counter_style("ar")) == ("arabic-indic", "decimal")


def test_what_an_author_wrote_keeps_its_digits(cairo: Magazined) -> None:
    number = cairo.pages.find("2400")
    assert "٢٤٠٠" not in cairo.pages.text(number)


def test_dates_are_written_as_the_country_does(cairo: Magazined) -> None:
    first = cairo.issue.date.replace(month=1, day=1)
    assert day(first, "fr") == "1er janvier 2026"
    assert day(first, "ar-TN") == "1 جانفي 2026"
    assert day(first, "ar-LB") == "١ كانون الثاني ٢٠٢٦"
    assert day(first, "en") == "1 January 2026"


def test_arabic_text_can_be_searched_and_copied(cairo: Magazined) -> None:
    text = cairo.pages.text(cairo.pages.find("صفوف من الفوهات"))
    assert "من الجو تبدو كأنها أثر" in text
    letters = [letter for letter in text if "\u0660" <= letter <= "\u0669"]
    assert len(letters) < 12  # only the folio's date and a footnote: no letter reads as a digit


def test_a_latin_address_in_an_arabic_line_is_whole(cairo: Magazined) -> None:
    last = cairo.rendered.pages
    assert cairo.pages.spot(last, "127.0.0.1").x < cairo.pages.spot(last, "subscribe").x


def test_a_french_piece_in_an_arabic_issue_keeps_its_own_order(cairo: Magazined) -> None:
    number = cairo.pages.find("PARFUMS")
    assert cairo.pages.spot(number, "PARFUMS").x < 60
    assert cairo.pages.spot(number, "Pendant").x > cairo.pages.spot(number, "PARFUMS").x
    page = cairo.pages.picture(number)
    outer = 20 if number % 2 else 190
    assert max(colour_at(page, outer, 2)) < 160  # the flag is the issue's
    assert "ثقافة" in cairo.pages.text(number)


def test_an_arabic_piece_in_a_french_issue_is_mirrored(paris: Magazined) -> None:
    number = paris.pages.find("في العربية كلمات")
    assert paris.pages.spot(number, "كيف صارت").x > 150
    begins = paris.pages.spot(number, "في العربية كلمات")
    ends = paris.pages.spot(number, "لم يكن ذلك")
    assert begins.x > ends.x + 30  # the first column stands to the right of the last
    assert str(number) in paris.pages.text(number)
    assert "novembre" in paris.pages.text(number)


def test_french_marks_stand_off_by_a_narrow_space(paris: Magazined) -> None:
    text = paris.pages.text(paris.pages.find("Combien"))
    assert "Combien\u202f?" in text
    assert "«\u202fAssez.\u202f»" in text
    assert "presser\u202f!\u202f»" in text
    assert re.search(r"Sources[\u00a0 ]: UNESCO", text)


def test_french_centuries_are_raised(paris: Magazined) -> None:
    number = paris.pages.find("VIe siècle")
    numeral = paris.pages.spot(number, "VIe siècle", letter=0)
    ending = paris.pages.spot(number, "VIe siècle", letter=2)
    assert ending.height < numeral.height * 0.65
    assert ending.y < numeral.y + numeral.height / 2


def test_french_words_are_divided_at_line_ends(paris: Magazined) -> None:
    divided = []
    for number in range(3, paris.rendered.pages):
        words = set(paris.pages.text(number).replace("\n", " ").split())
        for word in (word for word in words if len(word) > 7 and word.isalpha()):
            for first in paris.pages.spots(number, word):
                last = paris.pages.spots(number, word, letter=len(word) - 1)
                divided += [word for spot in last if first.y + 3 < spot.y < first.y + 8]
    assert divided, "no word of the issue is divided"


# ---- every character in a face of ours -------------------------------------------------


def test_every_script_prints_in_faces_of_ours_and_can_be_copied(tmp_path: Path) -> None:
    publication = publication_in(tmp_path / "publication")
    body = "\n\n".join(f"{name}: {line} **{line}**" for name, line in SCRIPTS.items())
    story = article("scripts", "東京 ⵜⵉⴼⵉⵏⴰⵖ Ελλάδα", body=body, standfirst=SCRIPTS["Amharic"])
    made = issue(publication, [slot(publication, story)])
    made = replace(made, cover=replace(made.cover, title="東京 Ελλάδα"))
    rendered = Magazine().build(made, publication)
    strange = [p.message for p in rendered.problems if "fonts" in p.message or "font:" in p.message]
    assert strange == []
    pages = Pages(rendered.files[0])
    text = "".join("".join(pages.text(n + 1).split()) for n in range(rendered.pages))
    lost = [name for name, line in SCRIPTS.items() if "".join(line.split()) not in text]
    assert lost == []


def faces() -> str:
    """Declare our faces, for pages of their own."""
    files = ["serif-regular", "amiri-regular", "amiri-bold", "tifinagh", "scripts", "cjk", "hangul"]
    return (
        "".join(
            f'@font-face {{ font-family: "{name.split("-")[0]}"; font-weight:'
            f" {700 if 'bold' in name else 400};"
            f' src: url("{(STATIC / "fonts" / f"{name}.ttf").as_uri()}"); }}'
            for name in files
        )
        + 'body { margin: 0; font: 14pt/24pt "serif", "amiri", "tifinagh", "scripts", "cjk", "hangul"; }'
        + ('[lang="ar"] body { font-family: "amiri", "serif"; }')
    )


def pictured(html: str, tmp_path: Path, size: str) -> Pages:
    page = f"<style>{faces()} @page {{ size: {size}; margin: 6mm }} p {{ margin: 0 }}</style>{html}"
    printed = print_pdf(page, base=tmp_path, roots=[STATIC])
    assert [remark.text for remark in printed.remarks] == []
    path = tmp_path / "page.pdf"
    path.write_bytes(printed.data)
    return Pages(path)


def test_every_script_looks_as_it_did(tmp_path: Path) -> None:
    lines = "".join(f"<p>{line}</p>" for line in SCRIPTS.values())
    pages = pictured(f'<html lang="en"><title>x</title>{lines}', tmp_path, "110mm 120mm")
    assert same_as_kept(pages.picture(1), "scripts")


def test_arabic_lines_look_as_they_did(tmp_path: Path) -> None:
    """Shaping, vowels, digits, a Latin run, bold, and a justified column without holes."""
    text = (
        "إنها تقنية<b> حدودها فيها</b>، عرفها أهل الواحة ١٩٩٠–١٩٩٥ قبل أن تأتي المضخّات (pumps) "
        "وتقول «لا تَرفعِ الماءَ، بل دَعْهُ يمشي إليك»؛ ثم جفّت الفقّارة بعد عام 2006. "
    )
    pages = pictured(
        f'<html lang="ar" dir="rtl"><title>x</title><p style="text-align: justify">{text * 2}',
        tmp_path,
        "90mm 70mm",
    )
    assert same_as_kept(pages.picture(1), "arabic")


def test_bold_words_at_a_line_end_stay_in_their_column(tmp_path: Path) -> None:
    """The engine moves such a line out of its column; see publisher/render/rtl.py."""
    publication = publication_in(tmp_path / "publication")
    words = "وإذا هبط الماء دون مستواه توقف الجريان من نفسه كما تقول الحكاية إنها تقنية **حدودها فيها** "
    story = article(
        "lines", "حدود الماء", language="ar", body="\n\n".join([words * 3] * 12), kind=Kind.FEATURE
    )
    made = issue(publication, [slot(publication, story, kind=Kind.FEATURE)])
    rendered = Magazine().build(made, publication)
    assert [p.message for p in rendered.problems if "wider" in p.message] == []
