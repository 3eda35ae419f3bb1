"""The e-book: valid, complete, accessible, the same every time, and readable on a phone."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.errors import RenderError
from publisher.render import Rendered
from publisher.render.epub import Epub
from tests.render.conftest import every_kind, publication_in
from tests.render.epubs import complaints
from tests.render.issues import article, folder_of, issue, picture, slot

NAMES = {
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "html": "http://www.w3.org/1999/xhtml",
}
#: what passes sanitising and is still no valid XHTML
WILD = """\
<li>An item <div>without</div> a list</li> and <time datetime="soon">a time</time>.

<span>A <h3>heading</h3> in a line</span>

<p id="twice">One</p><p id="twice">Two</p> <td colspan="0">A cell</td>

<dl><dd>No term</dd></dl><ol reversed start="x"><p>No item</p></ol><ul></ul>

A [link](#nowhere), [another](https://example.org/a b?q=ü|x#100%) and [a bad one](http://[half).

A note.[^1] And\x0b control. <abbr title="Hm">H</abbr> <figcaption>Alone</figcaption>

/// qr | https://example.org/
To be scanned.
///

[^1]: With *two*

    paragraphs.
"""


@dataclass(frozen=True)
class Book:
    """An e-book, taken out of its container."""

    issue: Issue
    rendered: Rendered
    folder: Path

    @property
    def path(self) -> Path:
        """The container."""
        return self.rendered.files[0]

    def text(self, name: str) -> str:
        return (self.folder / "EPUB" / name).read_text(encoding="utf-8")

    def xml(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.text(name))  # noqa: S314 - we made it

    @property
    def spine(self) -> list[str]:
        package = self.xml("package.opf")
        files = {i.get("id"): i.get("href") for i in package.iterfind(".//opf:item", NAMES)}
        refs = package.iterfind(".//opf:itemref", NAMES)
        return [str(files[ref.get("idref")]) for ref in refs]

    def chapter(self, slug: str) -> str:
        """The file in which an article stands."""
        return next(name for name in self.spine if f' id="{slug}"' in self.text(name))


def unpacked(issue: Issue, publication: Publication, folder: Path) -> Book:
    rendered = Epub().build(issue, publication)
    with zipfile.ZipFile(rendered.files[0]) as container:
        container.extractall(folder)
    return Book(issue, rendered, folder)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return publication_in(tmp_path_factory.mktemp("press") / "publication")


@pytest.fixture(scope="module")
def book(press: Publication, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """An e-book with every kind of article, and one that is written wildly."""
    whole = every_kind(press)
    wild = article("wild one", "Wild & <b>free</b> \x0b", body=WILD, url="https://ex ample.org/")
    whole = replace(whole, slots=(*whole.slots, slot(press, wild)))
    cover = whole.build_folder / "cover.jpg"
    cover.parent.mkdir(exist_ok=True)
    Image.new("RGB", (500, 707), "#884422").save(cover)
    return unpacked(whole, press, tmp_path_factory.mktemp("book"))


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


def test_the_checker_of_e_books_has_nothing_to_say(book: Book) -> None:
    assert complaints(book.path) == []


def test_an_arabic_issue_is_as_valid_and_turns_its_pages_the_other_way(
    press: Publication, tmp_path: Path
) -> None:
    arabic = replace(press, language="ar", title="سيروكو", root=tmp_path)
    text = "في العربية كلمات تحمل تاريخها.[^1]\n\n## نار\n\nنص.\n\n[^1]: حاشية."
    light = article("light", "المنارة", language="ar", kicker="كلمة", body=text)
    foreign = article("spring", "Le printemps", language="fr")
    book = unpacked(issue(arabic, [slot(arabic, light), slot(arabic, foreign)]), arabic, tmp_path)
    assert complaints(book.path) == []
    assert 'page-progression-direction="rtl"' in book.text("package.opf")
    assert '<html xmlns="http://www.w3.org/1999/xhtml"' in book.text("contents.xhtml")
    assert re.search(r'<html [^>]*lang="ar" dir="rtl"', book.text("contents.xhtml"))
    assert re.search(r'<html [^>]*lang="fr" dir="ltr"', book.text(book.chapter("spring")))
    assert (book.folder / "EPUB/fonts/amiri-regular.woff2").is_file()


def test_the_container_begins_as_the_standard_wants(book: Book) -> None:
    assert book.path.name == "sirocco-2026-W47.epub"
    assert book.path.read_bytes()[30:58] == b"mimetypeapplication/epub+zip"


def test_the_same_issue_gives_the_same_bytes(book: Book, press: Publication) -> None:
    before = book.path.read_bytes()
    Epub().build(book.issue, press)
    assert book.path.read_bytes() == before


def test_every_article_is_a_chapter_in_reading_order(book: Book) -> None:
    text = "".join(book.text(name) for name in book.spine)
    places = [text.index(f' id="{"-".join(a.slug.split())}"') for a in book.issue.articles]
    assert places == sorted(places)
    assert book.spine[:2] == ["cover.xhtml", "contents.xhtml"]
    assert book.spine[-1] == "colophon.xhtml"
    assert book.chapter("brief-1") == book.chapter("brief-3") != book.chapter("rivers")


def test_the_contents_name_sections_and_lead_to_every_article(book: Book) -> None:
    nav = book.xml("contents.xhtml").find(".//html:nav", NAMES)
    assert nav is not None
    words = [" ".join("".join(a.itertext()).split()) for a in nav.iterfind(".//html:a", NAMES)]
    assert words[0] == "Thank you for opening this"
    assert [w for w in words if w.startswith("Brief number")] == [
        f"Brief number {n}" for n in (1, 2, 3)
    ]
    sections = [span.text for span in nav.iterfind(".//html:span", NAMES)]
    assert sections[:2] == ["Environment", "Science"]
    assert len(words) == len(book.issue.articles) + 2  # and "In brief", and the colophon


def test_the_package_tells_what_it_is_and_who_can_read_it(book: Book) -> None:
    package = book.xml("package.opf")
    title = package.findtext(".//dc:title", namespaces=NAMES)
    assert title == "Sirocco, No 12: The rivers under the sand"
    languages = [found.text for found in package.iterfind(".//dc:language", NAMES)]
    assert languages == ["en", "ar", "fr"]
    metas = [(m.get("property"), m.text) for m in package.iterfind(".//opf:meta", NAMES)]
    assert ("schema:accessibilityFeature", "alternativeText") in metas
    assert ("schema:accessModeSufficient", "textual") in metas
    assert ("schema:accessibilityHazard", "none") in metas
    assert ("group-position", "12") in metas


def test_where_a_picture_has_no_words_the_book_does_not_claim_that_all_have(
    press: Publication, tmp_path: Path
) -> None:
    here = replace(press, root=tmp_path)
    dumb = replace(picture(folder_of(here), "dumb"), alt="")
    book = unpacked(issue(here, [slot(here, article("a", "A", picture=dumb))]), here, tmp_path)
    package = book.text("package.opf")
    assert "alternativeText" not in package
    assert "Some pictures have no alternative text" in package


def test_notes_are_pop_ups_that_lead_back(book: Book) -> None:
    page = book.text(book.chapter("rivers"))
    assert re.search(r'<a epub:type="noteref" href="#rivers-fn-1" role="doc-noteref">1</a>', page)
    note = re.search(r'<aside [^>]*id="rivers-fn-1"[^>]*>.*?</aside>', page, re.DOTALL)
    assert note is not None
    assert 'epub:type="footnote"' in note[0]
    assert "A note." in note[0]
    assert 'href="#rivers-fnref-1"' in note[0]


def test_charts_are_drawn_and_spoken(book: Book) -> None:
    page = book.text(book.chapter("roofs"))
    assert "<svg" in page
    assert "<title>Two mountains.</title>" in page


def test_text_has_no_colour_of_its_own_so_that_the_readers_holds(
    book: Book, browser: Browser
) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto((book.folder / "EPUB" / book.chapter("rivers")).as_uri())
    page.add_style_tag(content="html { background: #101010; color: #e0d0b0 }")
    for place in ("p.kicker", "h1", ".body p", "figcaption", ".apart a"):
        colour = page.locator(place).first.evaluate("e => getComputedStyle(e).color")
        assert colour == "rgb(224, 208, 176)"
    context.close()


def test_on_a_phone_nothing_is_wider_than_the_screen(book: Book, phone: Page) -> None:
    for name in book.spine:
        phone.goto((book.folder / "EPUB" / name).as_uri())
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, name
        broken = phone.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        assert broken == 0, name
    phone.goto((book.folder / "EPUB" / book.chapter("rivers")).as_uri())
    loaded = phone.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status == 'loaded').length)"
    )
    assert loaded >= 3


def test_faces_that_no_article_needs_stay_out(press: Publication, tmp_path: Path) -> None:
    here = replace(press, root=tmp_path)
    book = unpacked(issue(here, [slot(here, article("a", "A"))]), here, tmp_path)
    fonts = {path.name for path in (book.folder / "EPUB/fonts").iterdir()}
    assert "serif-regular.woff2" in fonts
    assert "OFL-Source-Serif.txt" in fonts
    assert not any(name.startswith("amiri") for name in fonts)


def test_a_lost_picture_is_told_and_the_book_is_made(press: Publication, tmp_path: Path) -> None:
    here = replace(press, root=tmp_path)
    lost = picture(folder_of(here), "lost")
    (folder_of(here) / lost.path).unlink()
    made = Epub().build(issue(here, [slot(here, article("a", "A", picture=lost))]), here)
    assert [problem.article for problem in made.problems] == ["a"]
    assert made.files[0].is_file()


def test_an_editors_template_that_is_no_xml_is_refused_by_name(
    press: Publication, tmp_path: Path
) -> None:
    here = replace(press, root=tmp_path)
    own = tmp_path / "templates" / "epub" / "colophon.html"
    own.parent.mkdir(parents=True)
    own.write_text("<html><br></html>")
    with pytest.raises(
        RenderError, match=r"templates/epub/colophon\.html makes no well-formed XML"
    ):
        Epub().build(issue(here, [slot(here, article("a", "A"))]), here)
