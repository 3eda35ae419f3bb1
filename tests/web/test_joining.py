"""Subscribe, confirm, unsubscribe: as readers, their mail programs and attackers do it."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.message import EmailMessage

import httpx
import pytest
from playwright.sync_api import Page, expect

from publisher.audience.changes import add, block, remove
from publisher.audience.consents import history
from publisher.audience.subscribers import Counts, count, find
from publisher.config import Publication
from publisher.deliver.sender import Answer, Message, Recipient, Reference, Stop
from publisher.deliver.senders.outbox import Outbox
from publisher.storage.engine import reading
from publisher.storage.suppressions import email_hash
from publisher.web.joining import masked
from tests.servers.public import Site, running_site

ADA = "ada@example.org"
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/(?:confirm|unsubscribe)/[\w-]+)")


def counts(site: Site) -> Counts:
    with reading(site.desk.engine) as connection:
        return count(connection, "readers")


def subscribed(site: Site, email: str = ADA) -> str:
    """Subscribe a reader and return the path of their link to unsubscribe."""
    with site.desk.engine.begin() as connection:
        add(connection, email, list_name="readers", now=site.clock())
        reader = find(connection, email, "readers")
    assert reader is not None
    return f"/unsubscribe/{site.tokens.unsubscribe(reader.id, 'readers')}"


def asked(site: Site, email: str = ADA) -> str:
    """Fill in the form and return the path of the link that is mailed."""
    had = len(site.mails())
    answer = site.web.post("/subscribe", data={"email": email})
    assert answer.status_code == 303
    mails = wait_for_mails(site, had + 1)
    return link(words(mails[-1]))


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """Return one of the two bodies of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def link(text: str) -> str:
    found = LINK.search(text)
    assert found is not None, text
    return found[1]


def wait_for_mails(site: Site, number: int) -> list[EmailMessage]:
    """Mails leave after the answer, and before the same connection answers the next request."""
    for _ in range(200):
        site.web.get("/healthz")
        if len(mails := site.mails()) >= number:
            return mails
    raise AssertionError(f"{len(site.mails())} mails, {number} expected")


# ---- the road of a reader --------------------------------------------------------


def test_a_reader_subscribes_confirms_and_leaves_without_any_script(
    site: Site, plain_tab: Page
) -> None:
    before = len(site.mails())
    plain_tab.goto(f"{site.url}/")
    plain_tab.get_by_label("Your e-mail address").fill("Ada@Example.org")
    plain_tab.get_by_role("button", name="Subscribe").click()
    expect(plain_tab.get_by_role("heading", name="Now look into your inbox")).to_be_visible()
    assert counts(site) == Counts(pending=1)

    question = wait_for_mails(site, before + 1)[-1]
    assert question["To"] == "Ada@example.org"
    assert question["Subject"] == "Please confirm: Sirocco by e-mail"
    path = link(words(question))
    assert link(words(question, "html")) == path
    plain_tab.goto(site.url + path)
    expect(plain_tab.locator("main")).to_contain_text("Ada@example.org")
    assert counts(site) == Counts(pending=1)
    plain_tab.get_by_role("button", name="Confirm my subscription").click()
    expect(plain_tab.get_by_role("heading", name="You are subscribed")).to_be_visible()
    assert counts(site) == Counts(active=1)

    welcome = wait_for_mails(site, before + 2)[-1]
    assert welcome["Subject"] == "Welcome to Sirocco"
    text = words(welcome)
    assert f"{site.url}/issues/2026-W47/" in text
    plain_tab.goto(site.url + link(text))
    expect(plain_tab.locator("main")).to_contain_text("A…@example.org")
    assert counts(site) == Counts(active=1)
    plain_tab.get_by_role("button", name="Unsubscribe").click()
    expect(plain_tab.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert counts(site) == Counts(unsubscribed=1)
    plain_tab.get_by_role("link", name="Subscribe again").click()
    expect(plain_tab.get_by_label("Your name")).to_be_visible()


def test_a_name_is_kept_and_not_mailed(site: Site) -> None:
    site.web.post("/subscribe", data={"email": ADA, "name": "Ada Lovelace"})
    mail = wait_for_mails(site, 1)[-1]
    assert "Lovelace" not in str(mail)
    with reading(site.desk.engine) as connection:
        reader = find(connection, ADA, "readers")
    assert reader is not None
    assert reader.name == "Ada Lovelace"


def test_what_is_no_address_is_given_back_for_correction(site: Site, plain_tab: Page) -> None:
    answer = site.web.post("/subscribe", data={"email": "ada@exam", "name": "Ada"})
    assert answer.status_code == 422
    assert 'value="ada@exam"' in answer.text
    assert 'value="Ada"' in answer.text
    assert "not quite an e-mail address" in answer.text
    assert site.web.post("/subscribe", data={}).status_code == 422


def test_what_somebody_types_stays_text(site: Site) -> None:
    evil = '"><script>alert(1)</script>'
    page = site.web.post("/subscribe", data={"email": evil, "name": evil}).text
    assert "<script" not in page
    assert "&lt;script" in page


def test_every_mail_to_a_reader_can_be_unsubscribed_from(site: Site) -> None:
    asked(site)
    mail = site.mails()[-1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link(mail["List-Unsubscribe"])
    one_click = site.web.post(path, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    assert counts(site) == Counts(unsubscribed=1)


def test_confirming_twice_welcomes_once(site: Site) -> None:
    path = asked(site)
    for _ in range(2):
        answer = site.web.post(path)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert counts(site) == Counts(active=1)
    assert len(wait_for_mails(site, 2)) == 2
    assert "You are subscribed" in site.web.get(path).text


# ---- opening a page changes nothing ----------------------------------------------


def test_mail_scanners_that_open_every_link_change_nothing(site: Site) -> None:
    confirm, leave = asked(site), subscribed(site, "grace@example.org")
    before = counts(site)
    for path in (confirm, leave):
        for method in ("GET", "HEAD", "OPTIONS", "PUT"):
            site.web.request(method, path, params={"List-Unsubscribe": "One-Click"})
    assert counts(site) == before == Counts(active=1, pending=1)


@pytest.mark.parametrize("kind", ["data", "files"])
def test_one_click_is_answered_at_once_by_rfc_8058(site: Site, kind: str) -> None:
    path = subscribed(site)
    field = {"List-Unsubscribe": "One-Click" if kind == "data" else (None, "One-Click")}
    for _ in range(2):
        answer = httpx.post(site.url + path, trust_env=False, **{kind: field})  # type: ignore[arg-type]  # the two ways to send a form
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-type"].startswith("text/plain")
    with reading(site.desk.engine) as connection:
        lines = history(connection, email_hash(ADA))
    assert [line.source for line in lines] == ["the operator", "one click"]


def test_unsubscribing_works_when_the_reader_is_long_gone(site: Site) -> None:
    path = subscribed(site)
    with site.desk.engine.begin() as connection:
        remove(connection, ADA, now=site.clock())
    assert "You will get no further issues" in site.web.get(path).text
    assert site.web.post(path).status_code == 200
    assert site.web.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_links_that_are_not_ours_are_refused(site: Site) -> None:
    for method in ("GET", "POST"):
        for path in ("/unsubscribe/nonsense", "/confirm/nonsense", f"/confirm/{'x' * 900}"):
            answer = site.web.request(method, path)
            assert answer.status_code == 404
            assert "This link is not complete" in answer.text
    one_click = {"List-Unsubscribe": "One-Click"}
    assert site.web.post("/unsubscribe/nonsense", data=one_click).status_code == 404


def test_a_link_that_is_too_old_says_what_to_do(site: Site) -> None:
    path = asked(site)
    site.clock.ahead(days=15)
    for method in ("GET", "POST"):
        answer = site.web.request(method, path)
        assert answer.status_code == 410
        assert 'href="/subscribe"' in answer.text
    assert counts(site) == Counts(pending=1)


def test_a_blocked_reader_cannot_confirm(site: Site) -> None:
    path = asked(site)
    with site.desk.engine.begin() as connection:
        block(connection, ADA)
    assert site.web.post(path).status_code == 410


@pytest.mark.parametrize("where", ["confirm", "unsubscribe"])
def test_the_address_of_a_private_page_is_told_to_nobody(site: Site, where: str) -> None:
    path = asked(site) if where == "confirm" else subscribed(site)
    for answer in (site.web.get(path), site.web.post(path), site.web.get(path + "x")):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("email", "shown"), [(ADA, "a…@example.org"), ("x@b.example", "x…@b.example")]
)
def test_an_address_is_shown_to_who_knows_it_already(email: str, shown: str) -> None:
    assert masked(email) == shown


# ---- the form under attack -------------------------------------------------------


def test_nobody_learns_from_the_answer_who_is_a_reader(site: Site) -> None:
    subscribed(site, "reader@example.org")
    subscribed(site, "blocked@example.org")
    with site.desk.engine.begin() as connection:
        block(connection, "blocked@example.org")
    answers = [
        site.web.post("/subscribe", data={"email": f"{name}@example.org"})
        for name in ("reader", "blocked", "stranger", "stranger")
    ]
    told = {
        (a.status_code, a.content, tuple((k, v) for k, v in a.headers.items() if k != "date"))
        for a in answers
    }
    assert len(told) == 1


def test_a_program_that_fills_in_every_field_is_answered_and_ignored(site: Site) -> None:
    before = len(site.mails())
    answer = site.web.post("/subscribe", data={"email": ADA, "website": "https://spam.example"})
    assert answer.status_code == 303
    site.web.get("/healthz")
    assert len(site.mails()) == before
    assert counts(site) == Counts()


def test_people_cannot_see_or_reach_the_field_for_programs(site: Site, plain_tab: Page) -> None:
    plain_tab.goto(f"{site.url}/subscribe")
    trap = plain_tab.locator("input[name=website]").bounding_box()
    assert trap is not None
    assert trap["x"] + trap["width"] <= 0
    plain_tab.get_by_label("Your name").focus()
    plain_tab.keyboard.press("Tab")
    expect(plain_tab.get_by_role("button", name="Subscribe")).to_be_focused()


def test_who_asks_for_many_is_told_to_wait(site: Site) -> None:
    answers = [
        site.web.post("/subscribe", data={"email": f"victim{n}@example.org"}) for n in range(11)
    ]
    assert [a.status_code for a in answers] == [303] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "3600"
    assert "Please try again in an hour" in answers[-1].text
    site.clock.ahead(hours=1)
    assert site.web.post("/subscribe", data={"email": ADA}).status_code == 303


def test_one_address_is_not_flooded(site: Site) -> None:
    before = len(site.mails())
    for _ in range(5):
        assert site.web.post("/subscribe", data={"email": ADA}).status_code == 303
    assert len(wait_for_mails(site, before + 1)) == before + 1


def test_the_answer_leads_nowhere_else(site: Site) -> None:
    answer = site.web.post(
        "/subscribe?next=https://evil.example/",
        data={"email": ADA, "next": "https://evil.example/"},
        headers={"Host": "evil.example", "Referer": "https://evil.example/"},
    )
    assert answer.headers["location"] == "/subscribe/sent"
    mail = wait_for_mails(site, 1)[-1]
    assert "evil.example" not in str(mail)


def test_too_much_is_refused_however_it_is_announced(site: Site) -> None:
    body = b"email=" + b"x" * 100_000
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    announced = site.web.post("/subscribe", content=body, headers=kind)
    assert announced.status_code == 413
    assert "That is too much" in announced.text

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    # the server may close the connection while the client is still talking
    try:
        unannounced = site.web.post("/subscribe", content=pieces(), headers=kind)
    except httpx.WriteError:
        return
    assert unannounced.status_code == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"email": "ada@example.org"}'),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("multipart/form-data", b"nonsense"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&&&==;"),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_nonsense_is_refused_and_breaks_nothing(site: Site, kind: str, body: bytes) -> None:
    answer = site.web.post("/subscribe", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert 'class="nameplate"' in answer.text


class OutOfOrder(Outbox):
    """An outbox that takes nothing."""

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Refuse everybody."""
        yield Answer(tuple(recipients), Stop(reason="the mail server wants a password"))


def test_a_mail_that_cannot_be_sent_is_logged_and_the_reader_may_ask_again(
    published: Publication, caplog: pytest.LogCaptureFixture
) -> None:
    folder = published.root / "outbox"
    with running_site(published, sender=lambda: OutOfOrder(folder)) as site:
        answer = site.web.post("/subscribe", data={"email": ADA})
        assert (answer.status_code, answer.headers["location"]) == (303, "/subscribe/sent")
    assert "the mail server wants a password" in caplog.text
