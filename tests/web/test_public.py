"""The magazine in public: home, archive, issues with their files, feed."""

import shutil
import socket
from pathlib import Path
from typing import Any

import feedparser
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text, update

from publisher.config import Publication, Secrets
from publisher.pipeline.states import State
from publisher.storage.schema import issues
from tests.servers.postgres import Postgres
from tests.servers.public import Site, running_site

ISSUE = "/issues/2026-W47/"
PDF = f"{ISSUE}sirocco-2026-W47.pdf"


def set_state(site: Site, state: State, held_state: State | None = None) -> None:
    values: dict[str, Any] = {"state": state, "held_state": held_state}
    with site.desk.engine.begin() as connection:
        connection.execute(update(issues).values(values))


def raw(site: Site, target: str) -> bytes:
    """Ask for a target exactly as it stands, which no well-behaved client would send."""
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        ask = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        connection.sendall(ask.encode("latin-1"))
        answer = b""
        while block := connection.recv(65_536):
            answer += block
    return answer


# ---- what readers see ------------------------------------------------------------


def test_the_home_page_leads_to_the_newest_issue(site: Site, plain_tab: Page) -> None:
    plain_tab.goto(f"{site.url}/")
    cover = plain_tab.locator(".newest img")
    line = plain_tab.locator("h1").inner_text()
    expect(cover).to_have_attribute("alt", f"Cover of Sirocco, number 12: {line}")
    assert site.web.get("/issues/2026-W47/cover.jpg").headers["content-type"] == "image/jpeg"
    plain_tab.get_by_role("link", name="Read on the web").click()
    expect(plain_tab).to_have_url(f"{site.url}{ISSUE}")
    expect(plain_tab.locator("h1")).to_have_text(line)


def test_the_pages_have_the_magazines_faces(site: Site, plain_tab: Page) -> None:
    loaded: list[str] = []
    plain_tab.on("response", lambda answer: loaded.append(answer.url))
    plain_tab.goto(f"{site.url}/issues/", wait_until="networkidle")
    assert any("display-bold.woff2" in url for url in loaded)
    assert all(url.startswith(site.url) for url in loaded)


def test_the_archive_offers_every_issue_as_page_and_pdf(site: Site, plain_tab: Page) -> None:
    plain_tab.goto(f"{site.url}/issues/")
    expect(plain_tab.get_by_role("heading", name="2026")).to_be_visible()
    expect(plain_tab.locator(".covers > li")).to_have_count(1)
    with plain_tab.expect_request(f"**{PDF}"):
        plain_tab.get_by_role("link", name="Magazine (PDF)").first.click(no_wait_after=True)


def with_every_edition(site: Site) -> None:
    """Put beside the approved PDF what the other editions would have left there."""
    folder = site.desk.publication.issues / "2026-W47/build/approved"
    for name in ("-phone.pdf", "-letter.pdf", "-print.pdf", ".epub"):
        (folder / f"sirocco-2026-W47{name}").write_bytes(b"as if made" * 90_000)


@pytest.mark.parametrize(
    ("width", "first"), [(1280, "Magazine (PDF): No 12"), (390, "For phones (PDF): No 12")]
)
@pytest.mark.parametrize("path", ["/", "/issues/"])
def test_every_edition_is_offered_the_one_for_this_screen_first(
    site: Site, plain_tab: Page, path: str, width: int, first: str
) -> None:
    with_every_edition(site)
    plain_tab.set_viewport_size({"width": width, "height": 800})
    plain_tab.goto(site.url + path)
    links = plain_tab.locator(".downloads a:not([aria-label^='Read'])").all()
    places: dict[str, tuple[float, float]] = {}
    for link in links:
        box = link.bounding_box()
        assert box is not None
        places[str(link.get_attribute("aria-label"))] = (box["y"], box["x"])
    assert set(places) == {
        f"{name}: No 12"
        for name in ("Magazine (PDF)", "For phones (PDF)", "US Letter (PDF)", "E-book (EPUB)")
    }
    assert min(places, key=lambda name: places[name]) == first
    assert plain_tab.evaluate("document.documentElement.scrollWidth") == width


def test_the_button_gives_phones_the_pages_made_for_them(site: Site, plain_tab: Page) -> None:
    with_every_edition(site)
    plain_tab.goto(site.url)
    button = plain_tab.get_by_role("link", name="Read the PDF")
    expect(button).to_have_attribute("href", PDF)
    plain_tab.set_viewport_size({"width": 390, "height": 800})
    expect(button).to_have_attribute("href", PDF.replace(".pdf", "-phone.pdf"))


def test_a_shared_story_leads_to_its_place_in_the_issue(site: Site, plain_tab: Page) -> None:
    folder = site.desk.publication.issues / "2026-W47/build/approved/web/stories"
    name = sorted(path.name for path in folder.iterdir())[0]
    policy = site.web.get(f"{ISSUE}stories/{name}").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    plain_tab.goto(f"{site.url}{ISSUE}stories/{name}")
    expect(plain_tab).to_have_url(f"{site.url}{ISSUE}#{name.removesuffix('.html')}")
    assert site.web.get(f"{ISSUE}stories/..%2Findex.html").status_code == 404
    assert site.web.get(f"{ISSUE}stories/nothing.html").status_code == 404


def test_an_e_book_is_saved_and_the_printers_copy_is_not_for_readers(site: Site) -> None:
    with_every_edition(site)
    book = site.web.get(PDF.replace(".pdf", ".epub"))
    assert book.headers["content-type"] == "application/epub+zip"
    assert book.headers["content-disposition"] == 'attachment; filename="sirocco-2026-W47.epub"'
    assert site.web.get(PDF.replace(".pdf", "-print.pdf")).status_code == 404


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", "/issues/", "/subscribe", "/subscribe/sent"])
def test_no_page_has_to_be_moved_sideways(
    site: Site, plain_tab: Page, path: str, width: int
) -> None:
    plain_tab.set_viewport_size({"width": width, "height": 800})
    plain_tab.goto(site.url + path)
    main = plain_tab.locator("main").bounding_box()
    heading = plain_tab.locator("h1").bounding_box()
    assert main is not None
    assert heading is not None
    assert main["width"] <= width
    assert heading["x"] >= 16
    assert heading["x"] + heading["width"] <= width - 16


def test_an_issue_without_a_slash_is_found(site: Site) -> None:
    answer = site.web.get("/issues/2026-W47")
    assert answer.status_code == 308
    assert answer.headers["location"] == ISSUE
    assert site.web.get("/issues").headers["location"] == "/issues/"


def test_the_pdf_is_shown_whole_or_in_parts(site: Site) -> None:
    whole = site.web.get(PDF)
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.headers["content-disposition"] == 'inline; filename="sirocco-2026-W47.pdf"'
    assert whole.content.startswith(b"%PDF")
    part = site.web.get(PDF, headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, whole.content[:8])


@pytest.mark.parametrize("path", ["/", "/issues/", "/feed.xml", ISSUE, PDF])
def test_what_the_reader_has_is_not_sent_again(site: Site, path: str) -> None:
    first = site.web.get(path)
    again = site.web.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pictures_of_the_web_page_are_there_and_kept(site: Site) -> None:
    page = site.web.get(ISSUE).text
    picture = page.partition('src="pictures/')[2].partition('"')[0]
    assert picture
    answer = site.web.get(f"{ISSUE}pictures/{picture}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert site.web.get(f"{ISSUE}style.css").headers["content-type"].startswith("text/css")
    assert site.web.get(f"{ISSUE}fonts/fonts.css").status_code == 200


def test_head_is_answered_as_get_without_the_body(site: Site) -> None:
    for path in ("/", ISSUE, PDF, "/subscribe", "/feed.xml", "/healthz"):
        head, get = site.web.head(path), site.web.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]


def test_the_feed_has_every_issue_with_its_pdf(site: Site) -> None:
    answer = site.web.get("/feed.xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.feed.title == "Sirocco"
    (entry,) = feed.entries
    assert entry.title.startswith("Sirocco 12: ")
    assert entry.link == f"{site.url}{ISSUE}"
    (pdf,) = (link for link in entry.links if link.rel == "enclosure")
    assert pdf.href == f"{site.url}{PDF}"
    assert int(pdf.length) == len(site.web.get(PDF).content)
    assert f'src="{site.url}{ISSUE}cover.jpg"' in entry.content[0].value


def test_before_the_first_issue_the_home_page_invites(publication: Publication) -> None:
    with running_site(publication) as site:
        page = site.web.get("/")
        assert page.status_code == 200
        assert "The first issue is in the making" in page.text
        assert "The first issue is in the making" in site.web.get("/issues/").text
        assert feedparser.parse(site.web.get("/feed.xml").content).entries == []


def test_an_issue_with_a_pdf_alone_is_linked_as_such(published: Publication) -> None:
    shutil.rmtree(published.issues / "2026-W47/build/approved/web")
    (published.issues / "2026-W47/build/approved/cover.jpg").unlink()
    with running_site(published) as site:
        home = site.web.get("/").text
        assert f'href="{PDF}"' in home
        assert f'href="{ISSUE}"' not in home
        assert site.web.get(ISSUE).status_code == 404


def test_a_magazine_in_arabic_runs_from_right_to_left(published: Publication) -> None:
    config = published.root / "publication.toml"
    config.write_text(config.read_text().replace('language = "en"', 'language = "ar"'))
    from publisher.config import load_publication

    with running_site(load_publication(published.root)) as site:
        page = site.web.get("/subscribe").text
        assert '<html lang="ar" dir="rtl">' in page
        assert "عنوان بريدك الإلكتروني" in page


def test_below_another_path_all_links_lead_there(published: Publication) -> None:
    with running_site(published, path="/weekly") as site:
        page = site.web.get("/weekly/").text
        assert 'href="/weekly/issues/"' in page
        assert 'action="/weekly/subscribe"' in page
        assert 'href="/issues' not in page
        # a proxy in front may have taken the path off already
        assert site.web.get("/").text == page
        style = page.partition('stylesheet" href="')[2].partition('"')[0]
        assert site.web.get(style).status_code == 200
        assert site.web.get("/weekly/issues/2026-W47").headers["location"] == f"/weekly{ISSUE}"


def test_a_publications_own_style_wins(published: Publication) -> None:
    own = published.root / "templates" / "static"
    own.mkdir(parents=True)
    (own / "public.css").write_text("body { color: rebeccapurple }")
    with running_site(published) as site:
        style = site.web.get("/static/public.css")
        assert style.text == "body { color: rebeccapurple }"
        assert site.web.get("/static/web.css").status_code == 200


# ---- what the public may not see -------------------------------------------------


@pytest.mark.parametrize(
    "state", [State.OPEN, State.COMPOSED, State.RENDERED, State.APPROVED, State.HELD]
)
def test_an_issue_that_is_not_sent_is_nowhere(site: Site, state: State) -> None:
    set_state(site, state, State.APPROVED if state is State.HELD else None)
    for path in (ISSUE, "/issues/2026-W47", PDF, f"{ISSUE}cover.jpg", f"{ISSUE}style.css"):
        assert site.web.get(path).status_code == 404
    for path in ("/", "/issues/", "/feed.xml"):
        assert "2026-W47" not in site.web.get(path).text


def test_an_issue_is_public_while_it_is_sent_even_if_that_is_held(site: Site) -> None:
    set_state(site, State.SENDING)
    assert site.web.get(PDF).status_code == 200
    set_state(site, State.HELD, State.SENDING)
    assert site.web.get(PDF).status_code == 200
    assert ISSUE in site.web.get("/").text


def test_readers_see_what_was_approved_whatever_is_rendered_later(site: Site) -> None:
    build = site.desk.publication.issues / "2026-W47/build"
    (build / "web/index.html").write_text("a later draft")
    (build / "web/pictures/later.jpg").write_bytes(b"later")
    assert "a later draft" not in site.web.get(ISSUE).text
    assert site.web.get(f"{ISSUE}pictures/later.jpg").status_code == 404


HOSTILE = [
    "../../../publication.toml",
    "..%2f..%2f..%2fpublication.toml",
    "%2e%2e/%2e%2e/%2e%2e/publication.toml",
    "pictures/../../../../../publication.toml",
    "pictures/..%2f..%2fweb%2findex.html",
    "pictures/%2e%2e%2f%2e%2e%2fcover.jpg",
    "pictures/..\\..\\cover.jpg",
    "pictures//etc/hostname.jpg",
    "pictures/secret.jpg",
    "pictures/.hidden.jpg",
    "pictures/x%00.jpg",
    "web/index.html",
    "email/body.html",
    "report.json",
    "approved/cover.jpg",
    "index.html",
    "fonts/../style.css",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_beside_the_editions_can_be_had(site: Site, path: str) -> None:
    pictures = site.desk.publication.issues / "2026-W47/build/approved/web/pictures"
    (pictures / "secret.jpg").symlink_to(site.desk.publication.root / "publication.toml")
    (pictures / ".hidden.jpg").write_bytes(b"hidden")
    answer = raw(site, f"{ISSUE}{path}")
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))


@pytest.mark.parametrize(
    "path",
    ["../publication.toml", "%2e%2e/words/en.toml", "..%2fwords%2fen.toml", "%00", "fonts/"],
)
def test_nothing_beside_the_styles_can_be_had(site: Site, path: str) -> None:
    assert raw(site, f"/static/{path}").startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    "week", ["2026-W99", "2026-w47", "..", "x", "2026-W47%20", "%E2%80%8F", "%00"]
)
def test_a_week_that_is_none_is_not_found(site: Site, week: str) -> None:
    for path in (f"/issues/{week}", f"/issues/{week}/", f"/issues/{week}/cover.jpg"):
        assert raw(site, path).startswith(b"HTTP/1.1 404")


# ---- the site itself -------------------------------------------------------------


def test_health_tells_whether_the_database_answers(
    publication: Publication, postgres: Postgres
) -> None:
    postgres.run("CREATE DATABASE health")
    secrets = Secrets(database_url=postgres.url("health"))
    with running_site(publication, secrets=secrets) as site:
        assert site.web.get("/healthz").status_code == 200
        postgres.run("DROP DATABASE health WITH (FORCE)")
        assert site.web.get("/healthz").status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, "There is nothing here"),
        ("GET", "/issues/2026-W47/nothing", 404, "There is nothing here"),
        ("DELETE", "/", 405, "That cannot be done here"),
        ("POST", "/issues/", 405, "That cannot be done here"),
    ],
)
def test_errors_are_told_in_the_magazines_look(
    site: Site, method: str, path: str, status: int, words: str
) -> None:
    answer = site.web.request(method, path)
    assert answer.status_code == status
    assert words in answer.text
    assert 'class="nameplate"' in answer.text


def test_what_breaks_is_told_without_telling_how(site: Site) -> None:
    with site.desk.engine.begin() as connection:
        connection.execute(text("DROP TABLE issues"))
    answer = site.web.get("/")
    assert answer.status_code == 500
    assert "Something has gone wrong" in answer.text
    assert "issues.week" not in answer.text
    assert "Traceback" not in answer.text


def test_a_broken_template_of_ones_own_still_gives_an_answer(published: Publication) -> None:
    own = published.root / "templates/web/public"
    own.mkdir(parents=True)
    (own / "base.html").write_text("{{ nonsense }}")
    with running_site(published) as site:
        answer = site.web.get("/")
        assert (answer.status_code, answer.text) == (500, "500\n")


@pytest.mark.parametrize("path", ["/", ISSUE, PDF, "/nothing", "/static/web.css", "/feed.xml"])
def test_every_answer_keeps_browsers_from_being_too_helpful(site: Site, path: str) -> None:
    headers = site.web.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"]
    assert "set-cookie" not in headers
    assert "server" not in headers or "uvicorn" in headers["server"]


def test_pages_may_run_no_script_but_the_one_that_keeps_an_issue(site: Site) -> None:
    for path in ("/", "/subscribe", ISSUE, "/nothing"):
        policy = site.web.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert ("script-src 'self';" in policy) == (path == ISSUE)
        assert policy.count("script-src") == (path == ISSUE)
        assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in site.web.get("/").headers["content-security-policy"]


def test_the_host_a_visitor_claims_goes_nowhere(site: Site) -> None:
    for path in ("/", "/issues/2026-W47", "/feed.xml"):
        answer = site.web.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.text + answer.headers.get("location", "")


def test_files_of_issues_are_not_looked_for_elsewhere(site: Site, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "cover.jpg").write_bytes(b"outside")
    approved = site.desk.publication.issues / "2026-W47/build/approved"
    (approved / "cover.jpg").unlink()
    (approved / "cover.jpg").symlink_to(outside / "cover.jpg")
    assert site.web.get(f"{ISSUE}cover.jpg").status_code == 404
