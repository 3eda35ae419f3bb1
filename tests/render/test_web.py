import functools
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from publisher.config import Editions, Publication
from publisher.content.issue import Issue
from publisher.render import Rendered
from publisher.render.email import Email
from publisher.render.web import Web
from tests.render.issues import mixed_issue, picture

#: what Web's docstring promises to need
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"


@pytest.fixture
def mixed(publication: Publication) -> Issue:
    return mixed_issue(publication)


@pytest.fixture
def made(mixed: Issue, publication: Publication) -> Rendered:
    return Web().build(mixed, publication)


def page_of(rendered: Rendered) -> str:
    return rendered.files[0].read_text(encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def looking(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    scheme: str = "light",
    scripts: bool = True,
) -> Iterator[Page]:
    """Open a page and see its end, so that every picture is asked for."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
    )
    try:
        page = context.new_page()
        page.goto(address)
        yield page
    finally:
        context.close()


def test_every_article_stands_on_the_page_in_order(mixed: Issue, made: Rendered) -> None:
    html = page_of(made)
    ids = re.findall(r'<article class="[^"]*" id="([^"]+)"', html)
    assert ids == [piece.slug for piece in mixed.articles]
    for slug in ids:
        assert f'href="#{slug}"' in html
    assert made.problems == ()


def test_what_an_article_says_never_becomes_markup(made: Rendered) -> None:
    html = page_of(made)
    scripts = re.findall(r"<script[^>]*>", html)
    assert scripts == ['<script type="application/ld+json">', '<script src="offline.js" defer>']
    assert "<b>" not in html
    assert "<img src=x" not in html
    assert "Of &lt;b&gt;bold&lt;/b&gt; claims &amp; “quotes”" in html


def test_sources_corrections_and_notes_are_printed(made: Rendered) -> None:
    html = page_of(made)
    assert "UNESCO; FAO" in html
    assert "An earlier version misspelt Touat." in html
    assert 'href="https://sirocco.example/rivers">sirocco.example</a>' in html
    assert "A note." in html


def test_the_head_tells_sites_and_search_engines_what_it_is(made: Rendered) -> None:
    html = page_of(made)
    base = "http://127.0.0.1:8300/issues/2026-W47/"
    assert f'<link rel="canonical" href="{base}">' in html
    assert '<meta property="og:title" content="Sirocco 12: The rivers under the sand">' in html
    assert '<meta property="og:description" content="Tunnels that bring water' in html
    assert f'type="application/pdf" href="{base}sirocco-2026-W47.pdf"' in html


def test_a_shared_link_shows_the_cover_beside_its_line(
    mixed: Issue, publication: Publication, made: Rendered
) -> None:
    html = page_of(made)
    [address] = re.findall(r'property="og:image" content="([^"]+)"', html)
    assert address.startswith("http://127.0.0.1:8300/issues/2026-W47/pictures/card-")
    file = made.files[0].parent / "pictures" / address.rpartition("/")[2]
    before = file.read_bytes()
    with Image.open(file) as card:
        assert card.size == (1200, 630)
    assert '<meta property="og:image:width" content="1200">' in html
    assert '<meta property="og:image:height" content="630">' in html
    assert f'<meta name="twitter:image" content="{address}">' in html
    assert 'og:image:alt" content="Cover of Sirocco, number 12: The rivers under the sand"' in html
    file.unlink()
    Web().build(mixed, publication)
    assert file.read_bytes() == before


def test_a_story_is_shared_by_an_address_that_shows_its_own_picture(
    mixed: Issue, publication: Publication, made: Rendered
) -> None:
    folder = made.files[0].parent
    story = (folder / "stories" / "light.html").read_text(encoding="utf-8")
    base = "http://127.0.0.1:8300/issues/2026-W47/"
    assert '<html lang="ar" dir="rtl">' in story
    assert f'<meta property="og:url" content="{base}stories/light.html">' in story
    assert 'property="og:title" content="المنارة' in story
    assert '<meta http-equiv="refresh" content="0; url=../#light">' in story
    [address] = re.findall(r'property="og:image" content="([^"]+)"', story)
    with Image.open(folder / "pictures" / address.rpartition("/")[2]) as card:
        assert card.width / card.height == pytest.approx(1200 / 630, rel=0.01)
    assert 'og:image:alt" content="What light shows"' in story
    plain = (folder / "stories" / "printemps.html").read_text(encoding="utf-8")
    assert "/pictures/card-" in plain  # without a picture of its own, the issue's
    assert "<script>" not in (folder / "stories" / "hostile.html").read_text(encoding="utf-8")
    assert 'href="stories/light.html"' in page_of(made)
    Web().build(replace(mixed, slots=mixed.slots[:1]), publication)
    assert not (folder / "stories" / "light.html").exists()


def test_without_any_picture_a_shared_link_is_plain(mixed: Issue, publication: Publication) -> None:
    bare = replace(mixed, cover=replace(mixed.cover, picture=None))
    html = page_of(Web().build(bare, publication))
    assert "og:image" not in html
    assert '<meta name="twitter:card" content="summary">' in html


def test_libraries_and_search_engines_can_read_the_issue_as_data(
    mixed: Issue, publication: Publication
) -> None:
    title = "</script><script>alert(1)</script> & <!--"
    evil = replace(mixed, cover=replace(mixed.cover, title=title))
    html = page_of(Web().build(evil, publication))
    [data] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    issue = json.loads(data)
    assert issue["@type"] == "PublicationIssue"
    assert issue["issueNumber"] == 12
    assert issue["name"] == f"Sirocco 12: {title}"
    assert issue["isPartOf"]["name"] == "Sirocco"
    assert [part["headline"] for part in issue["hasPart"]] == [a.title for a in mixed.articles]
    rivers = issue["hasPart"][1]
    assert rivers["url"] == "http://127.0.0.1:8300/issues/2026-W47/#rivers"
    assert rivers["author"] == {"@type": "Person", "name": "Tiziri Aït Oumghar"}


def test_only_the_editions_of_this_issue_are_offered(
    mixed: Issue, publication: Publication
) -> None:
    html = page_of(Web().build(replace(mixed, editions=("phone", "epub", "web")), publication))
    assert "sirocco-2026-W47-phone.pdf" in html
    assert "sirocco-2026-W47.epub" in html
    assert "sirocco-2026-W47.pdf" not in html


def test_the_page_speaks_each_articles_language(made: Rendered) -> None:
    html = page_of(made)
    assert re.search(r'<article [^>]*id="light" lang="ar" dir="rtl"', html)
    assert re.search(r'<article [^>]*id="printemps" lang="fr" dir="ltr"', html)
    assert '<html lang="en" dir="ltr">' in html


def test_headings_go_down_one_by_one(made: Rendered) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", page_of(made))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_without_a_magazine_no_pdf_is_promised(mixed: Issue, publication: Publication) -> None:
    only = replace(publication, editions=Editions(make=("web",)))
    html = page_of(Web().build(mixed, only))
    assert ".pdf" not in html
    assert '<img src="cover.jpg"' in html


def test_pictures_come_in_two_sizes_and_keep_their_words(made: Rendered) -> None:
    html = page_of(made)
    [second] = re.findall(r"<img [^>]*alt=\"A second view\"[^>]*>", html)
    sizes = re.findall(r"pictures/\S+ (\d+)w", second)
    assert sizes == ["800", "1600"]
    assert 'width="1600" height="1067"' in second
    assert re.findall(r'<img (?![^>]*alt="[^"]+")[^>]*>', html) == []


def test_a_lost_picture_is_told_by_article_and_the_page_is_made(
    mixed: Issue, publication: Publication
) -> None:
    (mixed.folder / "pictures" / "hostile.jpg").unlink()
    (mixed.folder / "pictures" / "second.jpg").unlink()
    rendered = Web().build(mixed, publication)
    told = [
        (problem.article, "there is no picture" in problem.message) for problem in rendered.problems
    ]
    assert sorted(told) == [("hostile", True), ("rivers", True)]
    assert 'id="hostile"' in page_of(rendered)


def test_pictures_no_longer_shown_are_removed_but_those_of_the_mail_stay(
    mixed: Issue, publication: Publication
) -> None:
    Email().build(mixed, publication)
    Web().build(mixed, publication)
    folder = mixed.build_folder / "web" / "pictures"
    before = {path.name for path in folder.iterdir()}
    mail = (mixed.build_folder / "email" / "body.html").read_text()
    of_the_mail = {name for name in before if name in mail}
    picture(mixed.folder, "second", "#00ff00")
    Web().build(mixed, publication)
    after = {path.name for path in folder.iterdir()}
    assert len(after) == len(before)
    assert len(before - after) == 2  # two sizes of the old picture
    assert of_the_mail
    assert of_the_mail <= after


def test_only_the_faces_that_the_text_needs_are_kept_for_reading_offline(
    mixed: Issue, publication: Publication, made: Rendered
) -> None:
    worker = made.files[0].parent / "worker.js"
    assert "fonts/amiri-regular.woff2" in worker.read_text(encoding="utf-8")
    Web().build(replace(mixed, slots=mixed.slots[:1]), publication)
    assert "fonts/serif-regular.woff2" in worker.read_text(encoding="utf-8")
    assert "amiri" not in worker.read_text(encoding="utf-8")


# ---- in a browser ------------------------------------------------------------


def test_served_under_a_strict_policy_nothing_fails_and_nothing_leaves(
    browser: Browser, made: Rendered
) -> None:
    with served(made.files[0].parent) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.on("response", lambda r: wrong.append(r.url) if r.status >= 400 else None)
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(address)
        for image in page.locator("img").all():
            image.scroll_into_view_if_needed()
            image.evaluate("image => image.decode()")
        fonts = page.evaluate(
            "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status == 'loaded').length)"
        )
        context.close()
    assert wrong == []
    assert all(url.startswith((address, "data:")) for url in asked)
    assert sum(url.endswith(".jpg") for url in asked) >= 5
    assert fonts >= 4


def test_opened_from_disk_it_looks_the_same(browser: Browser, made: Rendered) -> None:
    with looking(browser, made.files[0].as_uri()) as page:
        broken = page.evaluate(
            "Promise.all([...document.images].map(i => { i.loading = 'eager';"
            " return i.decode().then(() => '', () => i.src) })).then(all => all.filter(Boolean))"
        )
        family = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
        loaded = page.evaluate(
            "document.fonts.load('900 20px \"Publisher Display\"').then(f => f.length)"
        )
    assert broken == []
    assert "Publisher Display" in family
    assert loaded == 1


def test_it_reads_without_scripts(browser: Browser, mixed: Issue, made: Rendered) -> None:
    with looking(browser, made.files[0].as_uri(), scripts=False) as page:
        assert page.get_by_role("heading", level=1).inner_text() == "The rivers under the sand"
        assert page.get_by_role("article").count() == len(mixed.articles)
        page.get_by_role("navigation").get_by_role("link", name="Brief number 2").click()
        assert page.url.endswith("#brief-2")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_width_scrolls_sideways(browser: Browser, made: Rendered, width: int) -> None:
    with looking(browser, made.files[0].as_uri(), width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_page_is_dark_at_night_and_its_kickers_still_readable(
    browser: Browser, made: Rendered
) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with looking(browser, made.files[0].as_uri(), scheme=scheme) as page:
            seen[scheme] = page.evaluate(
                "[getComputedStyle(document.body).backgroundColor,"
                " getComputedStyle(document.querySelector('#rivers .kicker')).color]"
            )
    assert seen["light"] == ["rgb(255, 253, 249)", "rgb(47, 107, 79)"]
    assert seen["dark"][0] == "rgb(27, 24, 21)"
    assert seen["dark"][1] != seen["light"][1]


def test_an_arabic_article_is_set_from_the_right(browser: Browser, made: Rendered) -> None:
    with looking(browser, made.files[0].as_uri()) as page:
        box = page.locator("#light .headline").bounding_box()
        text = page.evaluate(
            "(() => { const r = document.createRange();"
            " r.selectNodeContents(document.querySelector('#light .headline'));"
            " const b = r.getBoundingClientRect(); return [b.left, b.right] })()"
        )
    assert box is not None
    assert abs(text[1] - (box["x"] + box["width"])) < 2
    assert text[0] > box["x"] + 20


def test_a_keyboard_finds_the_articles_first(browser: Browser, made: Rendered) -> None:
    with looking(browser, made.files[0].as_uri()) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the articles"
        page.keyboard.press("Enter")
        assert page.url.endswith("#pieces")
