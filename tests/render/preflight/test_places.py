"""Where a problem shows: found in a real PDF, and cut out of it as a picture."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image
from weasyprint import HTML

from publisher.content.pictures import rendition
from publisher.problems import Problem, Spot
from publisher.render import Rendered
from publisher.render.leaf import Leaf
from publisher.render.preflight.pages import last_page_problems
from publisher.render.preflight.places import locate, paged
from publisher.render.preflight.thumbs import VIEW, Thumbs, view

STYLE = """<style>@page { size: 210mm 297mm; margin: 20mm }
body { font: 12pt/16pt "DejaVu Sans", sans-serif; margin: 0 } p, h1, img { margin: 0 }
h1 { font-size: 24pt; line-height: 30pt } img { display: block }
.columns { columns: 2; column-gap: 10mm }</style>"""


@dataclass(frozen=True)
class Desk:
    """An issue's folder with a magazine of four pages in it."""

    folder: Path
    edition: Rendered

    def find(self, subject: str, article: str = "rain", **more: object) -> Problem:
        """Say where a problem about some words or a file is found."""
        problem = Problem(message="m", article=article, subject=subject, **more)  # type: ignore[arg-type]  # fields by name
        (placed,) = locate([problem], self.edition, self.folder, self.folder / "cache")
        return placed


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A cover, an article of two pages with a picture, and another article."""
    folder = tmp_path_factory.mktemp("issue")
    (folder / "pictures").mkdir()
    Image.linear_gradient("L").resize((800, 600)).save(folder / "pictures" / "boat.jpg")
    made = rendition(folder / "pictures" / "boat.jpg", folder / "cache", width=600, height=300)
    small = rendition(folder / "pictures" / "boat.jpg", folder / "cache", width=120, height=60)
    filler = "word " * 160
    html = f"""{STYLE}<h1>Rain at last</h1><section style="break-before: page">
<h1>Rain at last</h1><p>“Nobody” here remem&shy;bers so much water as this year’s, says Ada.</p>
<img src="{made.as_uri()}" style="width: 100mm; height: 50mm">
<img src="{small.as_uri()}" style="width: 20mm; height: 10mm"></section>
<section style="break-before: page"><div class="columns"><p>{filler} the very last words</p></div>
<p><a href="https://water.example/report">a report</a> TK</p></section>
<section style="break-before: page"><h1>Salt and stone</h1><p>TK</p></section>"""
    path = folder / "build" / "magazine.pdf"
    path.parent.mkdir()
    HTML(string=html, base_url=folder.as_uri()).write_pdf(path)
    edition = Rendered(
        edition="magazine", files=(path,), pages=4, anchors=(("rain", 2), ("salt", 4))
    )
    return Desk(folder, edition)


def spot(problem: Problem) -> Spot:
    assert problem.spot
    return problem.spot


def test_words_are_found_on_their_articles_pages_not_on_the_cover(desk: Desk) -> None:
    found = spot(desk.find("Rain at last"))
    assert (found.edition, found.page) == ("magazine", 2)
    assert abs(found.x - 20) < 1
    assert 20 < found.y < 24


def test_the_same_word_is_found_in_each_article(desk: Desk) -> None:
    assert spot(desk.find("TK")).page == 3
    assert spot(desk.find("TK", "salt")).page == 4


def test_quotes_hyphens_and_breaks_do_not_hide_words(desk: Desk) -> None:
    found = spot(desk.find('"Nobody" here remembers so much water as this year\'s'))
    assert found.page == 2
    assert found.width > 80


def test_words_that_run_on_in_the_next_column_are_framed_in_the_first(desk: Desk) -> None:
    text = "word " * 160
    found = spot(desk.find(text.strip()))
    assert found.page == 3
    assert found.width < 85
    assert found.height < 8


def test_a_picture_is_found_where_it_is_printed_largest(desk: Desk) -> None:
    found = spot(desk.find("pictures/boat.jpg"))
    assert found.page == 2
    assert (round(found.width), round(found.height)) == (100, 50)
    assert abs(found.x - 20) < 0.5


def test_a_link_is_found_where_readers_would_follow_it(desk: Desk) -> None:
    found = spot(desk.find("https://water.example/report"))
    assert found.page == 3
    assert 10 < found.width < 30
    assert found.height > 3


@pytest.mark.parametrize(
    "subject", ["not in the text", "pictures/none.jpg", "../../etc/passwd", "https://no.example"]
)
def test_what_is_nowhere_gets_the_page_its_article_begins_on(desk: Desk, subject: str) -> None:
    placed = desk.find(subject)
    assert (placed.page, placed.spot) == (2, None)


def test_a_problem_of_the_whole_issue_is_looked_for_everywhere(desk: Desk) -> None:
    assert spot(desk.find("Salt and stone", article="")).page == 4


def test_an_article_that_is_not_in_the_magazine_has_no_page(desk: Desk) -> None:
    assert desk.find("TK", article="left-out").page is None


def test_a_place_that_is_known_already_stays(desk: Desk) -> None:
    known = Spot(edition="magazine", page=1, x=1, y=2, width=3, height=4)
    assert desk.find("TK", page=1, spot=known).spot == known


def test_a_pdf_that_is_gone_costs_the_places_only(desk: Desk, tmp_path: Path) -> None:
    lost = replace(desk.edition, files=(tmp_path / "gone.pdf",))
    problem = Problem(message="m", article="rain", subject="TK")
    assert locate([problem], lost, desk.folder, desk.folder) == (problem,)


def test_pages_are_shown_of_the_magazine_first() -> None:
    def made(name: str, pages: int) -> Rendered:
        return Rendered(edition=name, files=(Path(name),), pages=pages)

    phone, letter, web = made("phone", 60), made("letter", 32), made("web", 0)
    assert paged([web, phone, letter]) == letter
    assert paged([web]) is None


# ---- pictures of places ----------------------------------------------------------


def test_the_part_that_is_shown_has_the_place_in_its_middle_and_stays_on_the_page() -> None:
    page = (210.0, 297.0)
    middle = Spot(edition="magazine", page=1, x=100, y=140, width=10, height=4)
    x, y, width, height = view(middle, page)
    assert (width, height) == VIEW
    assert (x + width / 2, y + height / 2) == (105, 142)
    corner = Spot(edition="magazine", page=1, x=0, y=290, width=10, height=4)
    assert view(corner, page) == (0, 297 - VIEW[1], *VIEW)


def test_a_large_place_is_shown_whole() -> None:
    wide = Spot(edition="magazine", page=1, x=0, y=0, width=210, height=140)
    x, y, width, height = view(wide, (210.0, 297.0))
    assert (x, y, width) == (0, 0, 210)
    assert height == 140


def test_the_picture_shows_the_place_in_a_frame(desk: Desk) -> None:
    with Thumbs() as thumbs:
        data = thumbs.of(desk.edition.files[0], 4, [spot(desk.find("TK", "salt"))])
    assert data
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    assert picture.size == (640, 427)
    red = [
        (x, y)
        for x in range(picture.width)
        for y in range(picture.height)
        if (pixel := picture.getpixel((x, y)))[0] > 170 and max(pixel[1:]) < 90  # type: ignore[index]  # RGB
    ]
    assert len(red) > 200
    left, right = min(x for x, _ in red), max(x for x, _ in red)
    # TK in 12 pt is about 6 mm wide; the frame stands 1.2 mm off, at 8.9 pixels a millimetre
    assert 60 < right - left < 90


def test_without_a_place_the_whole_page_is_shown_and_none_of_a_page_that_is_not(desk: Desk) -> None:
    with Thumbs() as thumbs:
        whole = thumbs.of(desk.edition.files[0], 1)
        assert thumbs.of(desk.edition.files[0], 9) is None
    assert whole
    width, height = Image.open(io.BytesIO(whole)).size
    assert abs(height / width - 297 / 210) < 0.01


# ---- last pages ------------------------------------------------------------------


def leaf(number: int, fill: float) -> Leaf:
    return Leaf(number=number, name="", width=210, height=297, fill=fill, anchors=())


def test_a_last_page_that_is_nearly_empty_is_told_with_what_to_do() -> None:
    leaves = [leaf(1, 1.0), leaf(2, 0.25)]
    (problem,) = last_page_problems(
        leaves, "rain", least_full=60, advice=["11 lines over: cut about 60 words"]
    )
    assert (problem.page, problem.check, problem.article) == (2, "last_page", "rain")
    assert "25% full: 11 lines over: cut about 60 words" in problem.message
    assert problem.spot
    assert problem.spot.y > 70


@pytest.mark.parametrize("leaves", [[leaf(1, 0.2)], [leaf(1, 1.0), leaf(2, 0.61)], []])
def test_full_pages_and_single_ones_are_let_be(leaves: list[Leaf]) -> None:
    assert not list(last_page_problems(leaves, "rain", least_full=60))
