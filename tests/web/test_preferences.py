"""How a reader wants the issue: the page behind the link in every mail."""

import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from publisher.audience.changes import add, opt_out, remove
from publisher.audience.subscribers import find
from publisher.config import Form, Publication
from publisher.storage.engine import reading
from publisher.storage.suppressions import email_hash
from tests.servers.public import Site, running_site

ADA = "ada@example.org"
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/preferences/[\w-]+)")


def page_of(site: Site, email: str = ADA) -> str:
    """Subscribe a reader and return the path of their page."""
    with site.desk.engine.begin() as connection:
        add(connection, email, list_name="readers", now=site.clock())
        reader = find(connection, email, "readers")
    assert reader is not None
    return f"/preferences/{site.tokens.preferences(reader.id, 'readers')}"


def form(site: Site, email: str = ADA) -> Form | None:
    with reading(site.desk.engine) as connection:
        reader = find(connection, email, "readers")
    assert reader is not None
    return reader.form


def test_a_reader_chooses_without_any_script(site: Site, plain_tab: Page) -> None:
    plain_tab.goto(site.url + page_of(site))
    expect(plain_tab.get_by_role("heading", name="How would you like Sirocco?")).to_be_visible()
    expect(plain_tab.locator("main")).to_contain_text("a…@example.org")
    expect(plain_tab.get_by_role("radio", name="With a link to the PDF")).to_be_checked()
    assert form(site) is None
    plain_tab.get_by_text("With the PDF attached").click()
    plain_tab.get_by_role("button", name="Save").click()
    expect(plain_tab.get_by_role("status")).to_contain_text("from the next issue on")
    expect(plain_tab.get_by_role("radio", name="With the PDF attached", exact=True)).to_be_checked()
    assert form(site) is Form.ATTACH


def test_a_choice_is_there_when_the_reader_comes_back(site: Site) -> None:
    path = page_of(site)
    site.web.post(path, data={"pdf": "text"})
    page = site.web.get(path).text
    assert re.search(r'value="text" required checked', page)
    assert page.count(" checked") == 1


def test_who_has_not_chosen_sees_what_the_publication_does(published: Publication) -> None:
    delivery = replace(published.delivery, pdf=Form.ATTACH)
    with running_site(replace(published, delivery=delivery)) as site:
        assert re.search(r'value="attach" required checked', site.web.get(page_of(site)).text)


def test_opening_the_page_changes_nothing(site: Site) -> None:
    path = page_of(site)
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        site.web.request(method, path, params={"pdf": "attach"})
    assert form(site) is None


@pytest.mark.parametrize("data", [{}, {"pdf": ""}, {"pdf": "none"}, {"pdf": "'; DROP TABLE"}])
def test_what_is_no_choice_is_said_so_and_changes_nothing(site: Site, data: dict[str, str]) -> None:
    path = page_of(site)
    site.web.post(path, data={"pdf": "text"})
    answer = site.web.post(path, data=data)
    assert answer.status_code == 422
    assert "Please choose one of the three." in answer.text
    assert form(site) is Form.TEXT


def test_the_page_belongs_to_one_reader_and_to_nobody_else(site: Site) -> None:
    page_of(site, "grace@example.org")
    path = page_of(site)
    answer = site.web.post(path, data={"pdf": "text"})
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert ADA not in answer.text
    assert (form(site), form(site, "grace@example.org")) == (Form.TEXT, None)


def test_a_link_that_is_not_ours_or_for_something_else_is_refused(site: Site) -> None:
    page_of(site)
    with reading(site.desk.engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    other = site.tokens.unsubscribe(reader.id, "readers")
    for method in ("GET", "POST"):
        for path in ("/preferences/nonsense", f"/preferences/{other}"):
            answer = site.web.request(method, path)
            assert answer.status_code == 404
            assert "This link is not complete" in answer.text


@pytest.mark.parametrize("gone", ["left", "removed"])
def test_who_has_left_has_nothing_to_choose(site: Site, gone: str) -> None:
    path = page_of(site)
    with site.desk.engine.begin() as connection:
        reader = find(connection, ADA, "readers")
        assert reader is not None
        if gone == "removed":
            remove(connection, ADA, now=site.clock())
        else:
            now = site.clock()
            opt_out(connection, reader.id, email_hash(ADA), "readers", source="test", now=now)
    for answer in (site.web.get(path), site.web.post(path, data={"pdf": "attach"})):
        assert answer.status_code == 200
        assert "There is nothing to choose" in answer.text
        assert "ada" not in answer.text.lower()


def test_leaving_is_one_link_away_and_so_is_staying(site: Site, plain_tab: Page) -> None:
    plain_tab.goto(site.url + page_of(site))
    plain_tab.get_by_role("link", name="Unsubscribe").click()
    expect(plain_tab.get_by_role("heading", name="Unsubscribe from Sirocco?")).to_be_visible()
    plain_tab.get_by_role("link", name="change how you get it").click()
    expect(plain_tab.get_by_role("heading", name="How would you like Sirocco?")).to_be_visible()


def test_a_new_reader_is_offered_the_choice_at_once(site: Site, plain_tab: Page) -> None:
    site.web.post("/subscribe", data={"email": ADA})
    question = wait(site, lambda: site.mails()[-1:])
    confirm = re.search(r"http://[^\s]+/confirm/[\w-]+", text(question))
    assert confirm is not None
    plain_tab.goto(confirm[0])
    assert plain_tab.get_by_role("link", name="Change how you get it").count() == 0
    plain_tab.get_by_role("button", name="Confirm my subscription").click()
    plain_tab.get_by_role("link", name="Change how you get it").click()
    expect(plain_tab.get_by_role("radio", name="As plain text")).to_be_visible()
    welcome = wait(site, lambda: [m for m in site.mails() if "Welcome" in m["Subject"]])
    path = LINK.search(text(welcome))
    assert path is not None
    site.web.post(path[1], data={"pdf": "text"})
    assert form(site) is Form.TEXT


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_page_fits_a_phone_in_every_language(
    published: Publication, browser: Browser, language: str
) -> None:
    with running_site(replace(published, language=language)) as site:
        context = browser.new_context(viewport={"width": 320, "height": 640})
        page = context.new_page()
        page.goto(site.url + page_of(site))
        wide = page.evaluate("document.documentElement.scrollWidth")
        heights = page.locator(".choice").evaluate_all(
            "choices => choices.map(choice => choice.getBoundingClientRect().height)"
        )
        page.locator(".choice").nth(2).click()  # anywhere on it
        chosen = page.locator("input:checked").get_attribute("value")
        context.close()
    assert wide == 320
    assert min(heights) >= 44  # what a thumb can hit
    assert chosen == "text"


def wait(site: Site, look: Callable[[], list[EmailMessage]]) -> EmailMessage:
    """Mails leave after the answer, and before the same connection answers the next request."""
    for _ in range(200):
        site.web.get("/healthz")
        if found := look():
            return found[-1]
    raise AssertionError("no mail came")


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
