"""An issue that was opened once can be read where there is no network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Error as Unreachable

from publisher.config import Publication
from tests.servers.public import Site, running_site

ISSUE = "/issues/2026-W47/"


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with what it has kept."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=3)
    yield context
    context.close()


def at_home(site: Site) -> Path:
    """Make the issue's page one that was made for the address it is served at."""
    page = site.desk.publication.issues / "2026-W47/build/approved/web/index.html"
    html = page.read_text(encoding="utf-8").replace("http://127.0.0.1:8300", site.url)
    page.write_text(html, encoding="utf-8")
    return page


def keeps(reader: BrowserContext) -> list[str]:
    """Return the addresses below the origin that the browser has kept."""
    found: list[str] = reader.pages[0].evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          const names = await caches.keys();
          const kept = await Promise.all(names.map(async (n) => (await caches.open(n)).keys()));
          return kept.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    return found


def test_once_opened_it_reads_without_network_and_server(
    published: Publication, reader: BrowserContext
) -> None:
    with running_site(published) as site:
        at_home(site)
        tab = reader.new_page()
        tab.goto(f"{site.url}{ISSUE}")
        line = tab.locator("h1").inner_text()
        kept = keeps(reader)
        assert ISSUE in kept
        assert f"{ISSUE}style.css" in kept
        assert any(path.endswith(".woff2") for path in kept)
        tab.close()
    reader.set_offline(True)
    tab = reader.new_page()
    tab.goto(f"{site.url}{ISSUE}?from=a-friend#contents")
    expect(tab.locator("h1")).to_have_text(line)
    shown = tab.evaluate(
        "Promise.all([...document.images].map(i => { i.loading = 'eager';"
        " return i.decode().then(() => '', () => i.currentSrc) }))"
    )
    assert [address for address in shown if address] == []
    face = "document.fonts.load('900 20px \"Publisher Display\"').then(f => f.length)"
    assert tab.evaluate(face) == 1
    with pytest.raises(Unreachable):
        tab.goto(f"{site.url}/issues/")


def test_with_a_network_readers_see_what_was_mended(
    published: Publication, reader: BrowserContext
) -> None:
    with running_site(published) as site:
        page = at_home(site)
        tab = reader.new_page()
        tab.goto(f"{site.url}{ISSUE}")
        assert ISSUE in keeps(reader)
        html = page.read_text(encoding="utf-8")
        line = tab.locator("h1").inner_text()
        page.write_text(html.replace(f">{line}</h1>", ">A mended line</h1>"), encoding="utf-8")
        tab.reload()
        expect(tab.locator("h1")).to_have_text("A mended line")
        tab.close()


def test_a_copy_elsewhere_keeps_nothing(site: Site, reader: BrowserContext) -> None:
    tab = reader.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.goto(f"{site.url}{ISSUE}", wait_until="networkidle")
    workers = "navigator.serviceWorker.getRegistrations().then(found => found.length)"
    assert tab.evaluate(workers) == 0
    assert wrong == []


def test_the_worker_sees_its_issue_alone_and_may_load_from_nowhere_else(site: Site) -> None:
    answer = site.web.get(f"{ISSUE}worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "service-worker-allowed" not in answer.headers
    assert site.web.get("/issues/2026-W47/pictures/worker.js").status_code == 404
    assert site.web.get("/worker.js").status_code == 404


def test_what_is_kept_is_small(site: Site) -> None:
    """Readers pay for every byte: of each picture only the small one is kept."""
    worker = site.web.get(f"{ISSUE}worker.js").text
    pictures = worker.partition("const PICTURES = ")[2].partition(";\n")[0]
    stand_ins = worker.partition("const STAND_IN = ")[2].partition(";\n")[0]
    assert pictures.count(".jpg") >= stand_ins.count(":") > 0
