"""The magazine as a reader holds it."""

import io
import re
from dataclasses import replace

import pypdfium2
from PIL import Image

from publisher.config import Editions, PageSize, Publication
from publisher.content.article import Kind
from publisher.problems import Severity
from publisher.render.magazine import Magazine, magazine_html
from publisher.render.pdfium import PDFIUM
from tests.render.conftest import PARAGRAPH, Copy, make
from tests.render.issues import article, folder_of, issue, picture, slot

# ---- what is printed where ------------------------------------------------------------


def test_a_clean_issue_has_no_problems(copy: Copy) -> None:
    assert [str(problem) for problem in copy.rendered.problems] == []


def test_the_pdf_is_named_after_publication_and_week(copy: Copy) -> None:
    assert copy.path == copy.issue.build_folder / "sirocco-2026-W47.pdf"


def test_the_cover_says_title_number_date_and_lines(copy: Copy) -> None:
    cover = copy.texts[0]
    for words in ("Sirocco", "No 12", "21 November 2026", "The rivers under the sand", "Light"):
        assert words in cover


def test_a_coverline_says_its_page(copy: Copy) -> None:
    assert f"CULTURE{copy.page('light')}" in copy.texts[0].replace(" ", "")


def test_contents_show_the_true_page_of_each_article(copy: Copy) -> None:
    contents = copy.texts[1]
    for slot_ in copy.issue.slots:
        slug, title = slot_.article.slug, slot_.article.title
        if slot_.kind is Kind.BRIEF:
            title = "In brief"
        if slug in ("hostile", "light", "printemps"):  # set with other marks than typed
            title = {"hostile": "claims & “quotes”", "light": "المنارة", "printemps": "printemps"}[
                slug
            ]
        numbers = re.findall(rf"{re.escape(title)}.*?\b(\d+)\b", contents)
        assert numbers, title
        assert set(numbers) == {str(copy.page(slug))}, title


def test_every_article_begins_on_a_page_of_its_own_but_briefs_share_one(copy: Copy) -> None:
    starts = [copy.page(slot_.article.slug) for slot_ in copy.issue.slots]
    assert len(set(starts)) == len(starts)
    assert starts == sorted(starts)
    assert {copy.page(f"brief-{n}") for n in (1, 2, 3)} == {starts[1]}


def test_pages_carry_section_number_and_date(copy: Copy) -> None:
    page = copy.page("praise")
    text = copy.text("praise")
    assert "21 November 2026" in text
    assert re.search(rf"\b{page}\b", text)
    assert "CULTURE" in text.upper()


def test_every_page_shows_the_flag_of_its_own_section(publication: Publication) -> None:
    """Also over a picture at the head of a page, where the page before could shine through."""
    folder = folder_of(publication)
    sections = ["News", "Environment", "Heritage", "Culture", "Science", "Food"]
    pieces = [
        article(
            section.lower(),
            f"Of {section}",
            section=section,
            picture=picture(folder, section) if number % 3 else None,
            body="\n\n".join([PARAGRAPH] * 4),
        )
        for number, section in enumerate(sections)
    ]
    copy = make(issue(publication, [slot(publication, piece) for piece in pieces]), publication)
    html = magazine_html(copy.issue, publication)
    assert 'class="news top has-lead"' in html
    for piece in pieces:
        assert _flag(copy, copy.page(piece.slug)) == piece.section.upper()


def _flag(copy: Copy, number: int) -> str:
    """What stands in the first centimetre of a page."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        page = document[number - 1]
        height = page.get_height()
        text = page.get_textpage().get_text_bounded(bottom=height - 10 / 25.4 * 72)
        document.close()
    return " ".join(text.split()).upper()


def test_a_brief_alone_is_not_spread_over_columns(publication: Publication) -> None:
    short = article("short", "A short one", body=f"{PARAGRAPH} {PARAGRAPH}")
    slots = [
        slot(publication, short, kind=Kind.BRIEF),
        slot(publication, article("other", "Another story")),
    ]
    editions = replace(publication.editions, fillers=("strip",))
    copy = make(issue(publication, slots), replace(publication, editions=editions))
    assert _left_edges(copy, copy.page("short")) == 1
    assert "Also in this issue" in copy.text("short")


def _left_edges(copy: Copy, number: int) -> int:
    """How many columns running text stands in, by its lines that begin with a small letter."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        page = document[number - 1].get_textpage()
        text = page.get_text_range()
        found = {
            round(page.get_charbox(match.start())[0] / 20)
            for match in re.finditer(r"(?<=\n)[a-z]", text.replace("\r", "\n"))
        }
        document.close()
    return len(found)


def test_a_long_headline_leaves_the_contents_readable(publication: Publication) -> None:
    long = "A headline of twenty words that nobody could cut about water and sand and memory"
    slots = [slot(publication, article(f"a{n}", f"{long} {n}", body=PARAGRAPH)) for n in range(9)]
    copy = make(issue(publication, slots), publication)
    contents = copy.texts[1]
    assert contents.count("A headline of twenty words") == 9
    assert "A headline of twenty words" not in copy.texts[0].replace(long, "")
    assert copy.page("a0") == 3  # the list has kept to its page
    blocking = [p for p in copy.rendered.problems if p.severity is Severity.ERROR]
    assert not [p for p in blocking if p.check != "ppi"]


def test_an_article_prints_its_sources_its_correction_and_where_it_stands_online(
    copy: Copy,
) -> None:
    text = " ".join(copy.texts[copy.page("rivers") - 1 : copy.page("rivers") + 1])
    assert "Sources: UNESCO; FAO" in text
    assert "Correction: An earlier version misspelt Touat." in text
    assert "Read online" in text


def test_footnotes_stand_on_their_page(copy: Copy) -> None:
    text = copy.texts[copy.page("rivers")]
    assert text.index("And ends.") < text.index("A note.")


def test_the_first_letter_of_a_feature_is_still_part_of_its_word(copy: Copy) -> None:
    assert "The wind had been at work" in copy.text("drum")


def test_arabic_comes_out_as_it_was_written(copy: Copy) -> None:
    text = copy.text("light")
    for word in ("العربية", "كلمات", "تاريخها", "المنارة"):
        assert word in text


def test_arabic_names_in_a_chart_are_set_in_our_own_face(publication: Publication) -> None:
    chart = (
        "/// chart | Heights\n    type: bar\n    alt: Two.\n\nN,M\nتوبقال,4167\nالشعانبي,1544\n///"
    )
    piece = article("peaks", "Peaks", body=f"{PARAGRAPH}\n\n{chart}")
    copy = make(issue(publication, [slot(publication, piece, kind=Kind.DATA)]), publication)
    assert copy.rendered.problems == ()
    assert "توبقال" in copy.text("peaks")


def test_french_is_set_with_narrow_spaces_and_its_own_words(copy: Copy) -> None:
    # pdfium gives every space as a plain one
    assert "Le printemps : en bouteille" in copy.text("printemps")


def test_hostile_words_are_only_words(copy: Copy) -> None:
    text = copy.text("hostile")
    assert "<b>bold</b>" in text
    assert "<SCRIPT>ALERT(1)</SCRIPT>" in text.upper()


def test_a_photo_essay_turns_its_pictures_into_plates(copy: Copy) -> None:
    page = copy.page("stone")
    assert "Caption 1." in copy.texts[page - 1]
    assert "Caption 2." in copy.texts[page]
    assert "Caption 3." in copy.texts[page]
    assert "Caption 4." in copy.texts[page + 1]


def test_a_photo_essay_that_lost_its_pictures_still_has_its_words(
    publication: Publication,
) -> None:
    piece = article("essay", "Without a view", body=PARAGRAPH)
    copy = make(issue(publication, [slot(publication, piece, kind=Kind.PHOTO_ESSAY)]), publication)
    assert "Without a view" in copy.text("essay")
    assert PARAGRAPH[:30] in copy.text("essay")


def test_the_quiz_prints_its_answers(copy: Copy) -> None:
    assert "Answers" in copy.text("quiz")


def test_the_back_page_invites_and_names_the_house(copy: Copy) -> None:
    back = copy.texts[-1]
    assert "127.0.0.1:8300/subscribe" in back
    assert "12 rue de la Kasbah" in back
    assert "Someone, CC0" in back


def test_an_end_is_never_nearly_empty(copy: Copy) -> None:
    """A page with little of its own text points to other stories."""
    last = copy.page("praise") - 1
    assert "Also in this issue" in copy.texts[last - 1] or len(copy.texts[last - 1]) > 1500


# ---- geometry -------------------------------------------------------------------------


def test_pages_are_a4(copy: Copy) -> None:
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        sizes = {tuple(round(side) for side in page.get_size()) for page in document}
        document.close()
    assert sizes == {(595, 842)}


def test_nothing_but_bleeding_pictures_leaves_the_margins(copy: Copy) -> None:
    """Letters stay 15 mm away from the edges of an ordinary page."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        page = document[copy.page("praise") - 1].get_textpage()
        # a line's last space hangs over its end and prints nothing
        letters = [n for n in range(page.count_chars()) if page.get_text_range(n, 1).strip()]
        boxes = [page.get_charbox(n) for n in letters]
        document.close()
    edge = 15 / 25.4 * 72
    inked = [box for box in boxes if box[2] > box[0]]
    assert min(box[0] for box in inked) > edge
    assert max(box[2] for box in inked) < 595 - edge


def test_folios_are_mirrored_on_facing_pages(copy: Copy) -> None:
    page = copy.page("praise")
    left, right = sorted(
        (_folio_side(copy, number) for number in (page, page + 1)), key=lambda x: x > 300
    )
    assert (page % 2 == 0) == (_folio_side(copy, page) < 300)
    assert left < 100
    assert right > 495


def _folio_side(copy: Copy, number: int) -> float:
    """The x position of the page number at the foot of a page, in points."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        page = document[number - 1].get_textpage()
        foot = [
            (page.get_charbox(n)[0], page.get_text_range(n, 1))
            for n in range(page.count_chars())
            if page.get_charbox(n)[3] < 40
        ]
        document.close()
    digits: list[float] = [x for x, letter in foot if letter in str(number)]
    return min(digits) if number % 2 == 0 else max(digits)


def test_letter_paper_is_letter_paper(publication: Publication) -> None:
    letter = replace(publication, editions=Editions(page_size=PageSize.LETTER))
    made = issue(letter, [slot(letter, article("one", "One"))])
    copy = make(made, letter)
    with PDFIUM:
        document = pypdfium2.PdfDocument(copy.path)
        assert [round(side) for side in document[1].get_size()] == [612, 792]
        document.close()
    assert copy.rendered.problems == ()


# ---- slots, overrides, trouble --------------------------------------------------------


def test_what_is_not_there_leaves_no_trace(publication: Publication) -> None:
    bare = article("only", "The only one", kicker="")
    copy = make(issue(publication, [slot(publication, bare)]), publication)
    assert copy.rendered.pages == 4  # cover, contents, the piece, the back page
    assert copy.rendered.problems == ()
    text = " ".join(copy.texts)
    for words in ("In brief", "From the editor", "Sources", "Read online", "None"):
        assert words not in text


def test_a_lost_picture_is_named_and_the_page_does_without(publication: Publication) -> None:
    lost = picture(folder_of(publication), "lost")
    (folder_of(publication) / lost.path).unlink()
    piece = article("one", "One without its picture", picture=lost, body=PARAGRAPH)
    copy = make(issue(publication, [slot(publication, piece)]), publication)
    assert "One without its picture" in copy.text("one")
    errors = [p for p in copy.rendered.problems if p.severity is Severity.ERROR]
    assert {p.article for p in errors} == {"one"}
    assert any("pictures/lost.jpg" in p.message for p in errors)


def test_small_and_uncredited_pictures_are_reported(publication: Publication) -> None:
    poor = replace(
        picture(folder_of(publication), "poor", size=(600, 400)), alt="", credit="", caption="So."
    )
    piece = article("one", "One", picture=poor, body=PARAGRAPH)
    made = issue(publication, [slot(publication, piece)])
    made = replace(made, cover=replace(made.cover, picture=None))
    messages = [str(problem) for problem in make(made, publication).rendered.problems]
    assert any("no alternative text" in message for message in messages)
    assert any("no credit" in message for message in messages)
    assert any("pixels an inch" in message for message in messages)


def test_a_character_no_font_has_is_reported_with_its_article(publication: Publication) -> None:
    piece = article("one", "One", body="Linear B: 𐀀.")
    problems = make(issue(publication, [slot(publication, piece)]), publication).rendered.problems
    assert [p.article for p in problems] == ["one"]
    assert "font" in problems[0].message


def test_an_overlong_headline_still_fits(publication: Publication) -> None:
    long = "An exceedingly long and winding headline about water, sand and memory " * 3
    piece = article("one", long.strip(), picture=picture(folder_of(publication), "p"))
    made = issue(publication, [slot(publication, piece, kind=Kind.FEATURE, cover=True)])
    copy = make(made, publication)
    blocking = [p for p in copy.rendered.problems if p.severity is Severity.ERROR]
    assert not [p for p in blocking if p.check != "ppi"]
    assert "sand and memory" in copy.text("one")


def test_a_publication_overrides_a_template_by_its_name(publication: Publication) -> None:
    own = publication.root / "templates" / "magazine"
    (own / "styles").mkdir(parents=True)
    (own / "back.html").write_text('<section class="own" id="back">Printed in Gafsa</section>')
    (own / "styles" / "back.css").write_text(".own { break-before: page; color: #123456; }")
    copy = make(issue(publication, [slot(publication, article("one", "One"))]), publication)
    assert "Printed in Gafsa" in copy.texts[-1]


def test_the_html_can_be_had_by_itself(copy: Copy) -> None:
    html = magazine_html(copy.issue, copy.publication)
    assert html.count("<article") == len(copy.issue.articles)
    assert "alert(1)</script>" not in html.replace("&lt;/script&gt;", "")


# ---- files ----------------------------------------------------------------------------


def test_the_same_issue_gives_the_same_bytes(copy: Copy) -> None:
    before = copy.path.read_bytes()
    Magazine().build(copy.issue, copy.publication)
    assert copy.path.read_bytes() == before


def test_the_cover_picture_is_a_small_jpeg_of_the_first_page(copy: Copy) -> None:
    data = copy.rendered.files[1].read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert abs(image.width - 1000) <= 1
        assert abs(image.height - 1414) <= 2
    assert len(data) <= 200_000


def test_thirty_pictures_stay_within_five_megabytes(publication: Publication) -> None:
    folder = folder_of(publication)
    noise = Image.effect_noise((1600, 1100), 60).convert("RGB")
    slots = []
    for number in range(30):
        lead = picture(folder, f"p{number}")
        # grain over a slope: as hard to compress as a photograph in sharp light
        slope = Image.linear_gradient("L").resize((1600, 1100)).rotate(number * 12)
        Image.blend(noise, slope.convert("RGB"), 0.55).save(folder / lead.path, quality=92)
        piece = article(f"a{number}", f"Story {number}", picture=lead, body=PARAGRAPH)
        slots.append(slot(publication, piece))
    copy = make(issue(publication, slots), publication)
    assert copy.rendered.pages >= 32
    assert copy.path.stat().st_size <= 5_000_000
    cache = [path.stat().st_size for path in (copy.issue.build_folder / "cache").glob("*.jpg")]
    assert max(cache) <= 350_000
    assert sorted(cache)[-2] <= 120_000
