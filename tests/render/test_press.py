"""Printed part by part and bound: what comes out, and what is printed again."""

import io
import os
import signal
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageFilter

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render.magazine import Magazine, MagazineBook, bound_magazine, roots
from publisher.render.pdf import Printed, print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.press import Bound, Order
from publisher.render.workshop import Workshop
from tests.render.conftest import Copy, publication_in
from tests.render.issues import mixed_issue


def pictures(data: bytes, scale: float = 1.0) -> list[Image.Image]:
    """Every page, rasterised."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            return [page.render(scale=scale).to_pil().convert("RGB") for page in document]
        finally:
            document.close()


@pytest.fixture(scope="module")
def bound(copy: Copy) -> Bound:
    """The magazine with a piece of every kind, from the shelf."""
    return bound_magazine(copy.issue, copy.publication)


@pytest.fixture(scope="module")
def one_pass(copy: Copy, bound: Bound) -> Printed:
    """The same magazine laid out as one document."""
    html = MagazineBook(copy.issue, copy.publication).whole(bound.notes)
    return print_pdf(html, base=copy.issue.folder, roots=roots(copy.issue, copy.publication))


def test_every_page_looks_as_if_printed_in_one_pass(bound: Bound, one_pass: Printed) -> None:
    """But for what rounding moves a letter by: less than half a point."""
    ours, theirs = pictures(bound.data), pictures(one_pass.data)
    assert len(ours) == len(theirs)
    blur = ImageFilter.GaussianBlur(2)
    for number, pair in enumerate(zip(ours, theirs, strict=True), 1):
        a, b = (picture.convert("L").filter(blur) for picture in pair)
        far = ImageChops.difference(a, b).histogram()[24:]
        assert sum(far) < 0.004 * a.width * a.height, f"page {number}"


def letters(data: bytes) -> list[list[tuple[str, float, float]]]:
    """Every page's letters and where they stand, in points, from top to bottom."""
    found = []
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            for page in document:
                text = page.get_textpage()
                whole = text.get_text_range()
                boxes = [
                    (whole[n], text.get_charbox(n))
                    for n in range(min(len(whole), text.count_chars()))
                ]
                found.append(
                    sorted(
                        (letter, round(box[0]), round(box[1]))
                        for letter, box in boxes
                        if letter.isalnum()
                    )
                )
        finally:
            document.close()
    return found


def test_every_letter_stands_where_one_pass_puts_it(bound: Bound, one_pass: Printed) -> None:
    for number, (ours, theirs) in enumerate(
        zip(letters(bound.data), letters(one_pass.data), strict=True), 1
    ):
        assert len(ours) == len(theirs), f"page {number}"
        apart = [
            (a, b)
            for a, b in zip(ours, theirs, strict=True)
            if a[0] != b[0] or max(abs(a[1] - b[1]), abs(a[2] - b[2])) > 1
        ]
        assert apart == [], f"page {number}"


def test_stories_begin_on_the_same_pages(bound: Bound, one_pass: Printed, copy: Copy) -> None:
    slugs = [article.slug for article in copy.issue.articles]
    assert {slug: bound.pages[slug] for slug in slugs} == {
        slug: one_pass.page_of(slug) for slug in slugs
    }


def outline(pdf: pikepdf.Pdf) -> list[tuple[int, str, int]]:
    """The outline as depth, words and page."""
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
    found: list[tuple[int, str, int]] = []

    def walk(items: list[pikepdf.OutlineItem], depth: int) -> None:
        for item in items:
            place = item.destination
            assert isinstance(place, pikepdf.Array)
            found.append((depth, str(item.title), pages[place[0].objgen]))
            walk(item.children, depth + 1)

    with pdf.open_outline() as opened:
        walk(list(opened.root), 0)
    return found


def links(pdf: pikepdf.Pdf) -> list[tuple[int, str]]:
    """Where each page's links lead."""
    found = []
    for number, page in enumerate(pdf.pages, 1):
        for annotation in page.obj.get("/Annots", ()):
            target = annotation.get("/Dest")
            found.append((number, str(annotation.A.URI if target is None else target)))
    return sorted(found)


def test_outline_and_links_are_those_of_one_pass(
    bound: Bound, one_pass: Printed, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(bound.data)
    (tmp_path / "b.pdf").write_bytes(one_pass.data)
    with pikepdf.open(tmp_path / "a.pdf") as ours, pikepdf.open(tmp_path / "b.pdf") as theirs:
        assert outline(ours) == outline(theirs)
        assert links(ours) == links(theirs)
        assert not [address for _, address in links(ours) if "elsewhere" in address]


def test_each_face_is_embedded_once(bound: Bound, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(bound.data)
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        files = [
            (str(item.FontName), item.FontFile2.objgen)
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary)
            and item.get("/Type") == "/FontDescriptor"
            and "/FontFile2" in item
        ]
    assert files
    by_name: dict[str, set[tuple[int, int]]] = {}
    for name, file in files:
        by_name.setdefault(name, set()).add(file)
    assert {name: len(found) for name, found in by_name.items() if len(found) > 1} == {}


def edited(issue: Issue, slug: str, more: str) -> Issue:
    """The issue with another end of one article."""
    slots = tuple(
        replace(slot, articles=(replace(slot.article, body=f"{slot.article.body}\n\n{more}"),))
        if slot.article.slug == slug and len(slot.articles) == 1
        else slot
        for slot in issue.slots
    )
    return replace(issue, slots=slots)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Issue, Publication]:
    """A small issue in a folder of its own."""
    publication = publication_in(tmp_path / "publication")
    return mixed_issue(publication), publication


def test_only_what_changed_is_printed_again(small: tuple[Issue, Publication]) -> None:
    issue, publication = small
    before = bound_magazine(issue, publication)
    slug = next(s.article.slug for s in issue.slots if len(s.articles) == 1)
    after = bound_magazine(edited(issue, slug, "One sentence more."), publication)
    changed = {name for name, key in after.keys.items() if before.keys[name] != key}
    assert slug in changed
    assert changed <= {slug, "@cover", "@contents", "@back"}
    assert "One sentence more." in " ".join(texts(after.data))


def texts(data: bytes) -> list[str]:
    """The text of every page."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            return [page.get_textpage().get_text_bounded() for page in document]
        finally:
            document.close()


def test_a_longer_article_moves_the_numbers_of_those_behind_it(
    small: tuple[Issue, Publication],
) -> None:
    issue, publication = small
    slugs = [s.article.slug for s in issue.slots if len(s.articles) == 1]
    before = bound_magazine(issue, publication)
    long = "\n\n".join(["A paragraph that goes on for a while. " * 12] * 16)
    after = bound_magazine(edited(issue, slugs[0], long), publication)
    last = slugs[-1]
    more = len(after.leaves) - len(before.leaves)
    assert more > 0
    assert after.pages[last] == before.pages[last] + more
    contents = texts(after.data)[after.starts["@contents"] - 1]
    assert str(after.pages[last]) in contents.split()


def test_the_same_issue_gives_the_same_bytes(small: tuple[Issue, Publication]) -> None:
    issue, publication = small
    first = bound_magazine(issue, publication)
    for path in (issue.build_folder / "cache" / "pages").iterdir():
        path.unlink()
    assert bound_magazine(issue, publication).data == first.data


def test_a_broken_shelf_costs_only_time(small: tuple[Issue, Publication]) -> None:
    issue, publication = small
    first = bound_magazine(issue, publication)
    shelf = issue.build_folder / "cache" / "pages"
    for path in shelf.glob("*.json"):
        path.write_text("{")
    for path in shelf.glob("*.pdf"):
        path.write_bytes(b"%PDF-")
    assert bound_magazine(issue, publication).data == first.data


def test_a_killed_worker_is_made_up_for(small: tuple[Issue, Publication]) -> None:
    issue, publication = small
    book = MagazineBook(issue, publication)
    order = Order(
        maker="publisher.render.magazine:MagazineBook", issue=issue, publication=publication
    )
    shop = Workshop(2)
    try:
        dying = shop.submit(_die_once, order, str(issue.folder / "died"))
        assert shop.result(dying) == len(book.parts)
        again = shop.submit(_count, order)
        assert shop.result(again) == len(book.parts)
    finally:
        shop.close()


def _count(book: MagazineBook, stock: object) -> int:
    del stock
    return len(book.parts)


def _die_once(book: MagazineBook, stock: object, mark: str) -> int:
    """Die as a process that is out of memory does; live the second time."""
    if not Path(mark).exists():
        Path(mark).write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return _count(book, stock)


def test_a_machine_with_one_processor_prints_in_this_process(
    small: tuple[Issue, Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    issue, publication = small
    expected = bound_magazine(issue, publication).data
    for path in (issue.build_folder / "cache" / "pages").iterdir():
        path.unlink()
    monkeypatch.setattr("publisher.render.press.workshop", lambda: Workshop(1))
    assert bound_magazine(issue, publication).data == expected


def test_every_kind_says_how_it_was_fitted(copy: Copy) -> None:
    notes = copy.rendered.notes
    assert {"drum", "praise", "wind", "roofs"} <= set(notes)
    assert any(notes.values())


def test_the_cover_picture_is_made_once_for_the_same_cover(
    small: tuple[Issue, Publication],
) -> None:
    issue, publication = small
    picture = Magazine().build(issue, publication).files[1]
    before = picture.stat().st_mtime_ns
    slug = next(s.article.slug for s in issue.slots if len(s.articles) == 1)
    Magazine().build(edited(issue, slug, "More."), publication)
    assert picture.stat().st_mtime_ns == before
    Magazine().build(replace(issue, cover=replace(issue.cover, title="Another")), publication)
    assert picture.stat().st_mtime_ns != before


def test_another_theme_in_the_same_process_has_its_own_fonts(
    small: tuple[Issue, Publication], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Families of two themes have the same names, but other files."""
    shop = Workshop(1)
    monkeypatch.setattr("publisher.render.press.workshop", lambda: shop)
    issue, publication = small
    editions = (replace(publication.editions, theme=theme) for theme in ("classic", "modern"))
    classic, modern = (
        boxes_of_fonts(bound_magazine(issue, replace(publication, editions=each)).data)
        for each in editions
    )
    assert classic["Publisher-Text"] != modern["Publisher-Text"]


def boxes_of_fonts(data: bytes) -> dict[str, list[float]]:
    """How far the letters of each font reach, which tells fonts of the same name apart."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return {
            str(one.FontName).split("+")[-1]: [float(edge) for edge in one.FontBBox]
            for one in pdf.objects
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
        }
