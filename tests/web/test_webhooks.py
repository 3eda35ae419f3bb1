"""What SendGrid posts, what strangers post in its name, and what comes of it."""

import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select, text

from publisher.config import Publication, Secrets
from publisher.deliver import make_sender
from publisher.errors import ConfigError
from publisher.pipeline.desk import Desk
from publisher.rehearsal.webhook import (
    SIGNATURE,
    TIMESTAMP,
    Habits,
    WebhookSender,
    new_key,
    payload,
    shown_key,
    signed_headers,
)
from publisher.storage.engine import open_database, reading
from publisher.storage.schema import events
from publisher.web.app import create_app
from publisher.web.webhooks import LARGEST_BODY, PATH, Sayings, webhook_routes
from tests.servers.public import HandClock, Site, running_site

KEY = new_key()
EMAIL = "ada@example.org"


def with_key(publication: Publication, key: str) -> Publication:
    """Return the publication with a verification key in its configuration."""
    sendgrid = replace(publication.delivery.sendgrid, webhook_key=key)
    return replace(publication, delivery=replace(publication.delivery, sendgrid=sendgrid))


@pytest.fixture
def site(publication: Publication, database_url: str) -> Iterator[Site]:
    """The public pages, with SendGrid's key, on each kind of database."""
    secrets = Secrets(database_url=database_url)
    with running_site(with_key(publication, shown_key(KEY)), secrets=secrets) as running:
        yield running


@pytest.fixture
def little_site(publication: Publication) -> Iterator[Site]:
    """The public pages with SendGrid's key, where the kind of database means nothing."""
    with running_site(with_key(publication, shown_key(KEY))) as running:
        yield running


def event(number: int, **fields: object) -> dict[str, object]:
    """Return an event as SendGrid tells it."""
    return {
        "email": EMAIL,
        "timestamp": 1_795_244_400 + number,
        "event": "delivered",
        "sg_event_id": f"event-{number}",
        **fields,
    }


def post(
    site: Site,
    body: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = KEY,
    hours: float = 0,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Post a body, signed with a key some hours after now."""
    moment = site.clock() + timedelta(hours=hours)
    signed = signed_headers(body, key, timestamp=int(moment.timestamp()))
    return site.web.post(PATH, content=body, headers={**signed, **(headers or {})})


def kept(site: Site) -> list[str]:
    """Return the words of all stored events."""
    with reading(site.desk.engine) as connection:
        return list(connection.scalars(select(events.c.raw).order_by(events.c.at, events.c.id)))


# ---- what SendGrid posts ---------------------------------------------------------


def test_signed_events_are_stored_word_for_word_and_acknowledged(site: Site) -> None:
    told = [event(1), event(2, reason="a “quoted” reason, ünïcode \\ and\ttabs")]
    assert post(site, payload(told)).status_code == 200
    assert [json.loads(raw) for raw in kept(site)] == told
    assert kept(site)[0] == json.dumps(told[0], separators=(",", ":"))


def test_an_event_that_comes_again_is_stored_once(site: Site) -> None:
    assert post(site, payload([event(1), event(2), event(1)])).status_code == 200
    assert post(site, payload([event(2), event(3)])).status_code == 200
    assert post(site, payload([event(3)])).status_code == 200
    assert [json.loads(raw)["sg_event_id"] for raw in kept(site)] == [
        "event-1",
        "event-2",
        "event-3",
    ]


def test_events_without_an_id_are_told_apart_by_their_content(site: Site) -> None:
    nameless = {"event": "delivered", "timestamp": 5, "email": EMAIL}
    assert post(site, payload([nameless, {**nameless, "email": "b@example.org"}])).is_success
    assert post(site, payload([nameless])).is_success
    assert len(kept(site)) == 2


def test_a_body_larger_than_a_form_is_taken(site: Site) -> None:
    told = [event(number, response="250 OK " + "x" * 400) for number in range(1500)]
    body = payload(told)
    assert len(body) > 700_000
    assert post(site, body).status_code == 200
    assert len(kept(site)) == 1500


def test_many_requests_at_once_lose_nothing(site: Site) -> None:
    told = [event(number) for number in range(600)]
    habits = Habits(batch=20, doubled=0.5, parallel=8)
    sender = WebhookSender(f"{site.url}{PATH}", KEY, habits, clock=lambda: site.clock().timestamp())
    posted = sender.tell(told)
    sender.close()
    assert (posted.given_up, posted.retries) == (0, 0)
    assert len(kept(site)) == 600


def test_an_empty_list_is_acknowledged(little_site: Site) -> None:
    assert post(little_site, b"[]").status_code == 200
    assert kept(little_site) == []


def test_the_webhook_is_found_below_the_path_of_the_public_address(
    publication: Publication,
) -> None:
    with running_site(with_key(publication, shown_key(KEY)), path="/magazine") as site:
        body = payload([event(n, response="x" * 400) for n in range(100)])
        headers = signed_headers(body, KEY, timestamp=int(site.clock().timestamp()))
        answer = site.web.post(f"/magazine{PATH}", content=body, headers=headers)
        assert answer.status_code == 200
        assert len(kept(site)) == 100


def test_a_database_that_is_away_lets_sendgrid_try_again(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with site.desk.engine.begin() as connection:
        connection.execute(text("ALTER TABLE events RENAME TO lost"))
    caplog.set_level(logging.WARNING)
    answer = post(site, payload([event(1)]))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert [record.getMessage() for record in caplog.records if "events cannot" in record.message]
    assert EMAIL not in caplog.text
    with site.desk.engine.begin() as connection:
        connection.execute(text("ALTER TABLE lost RENAME TO events"))
    assert post(site, payload([event(1)])).status_code == 200
    assert len(kept(site)) == 1


# ---- what strangers post ---------------------------------------------------------


def test_without_a_key_there_is_no_webhook(publication: Publication) -> None:
    with running_site(publication) as site:
        assert post(site, payload([event(1)])).status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        "not a key",
        "AAAA",
        shown_key(KEY)[:-8],
        shown_key(KEY)[4:],
        "ключ",
        ec.generate_private_key(ec.SECP384R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
)
def test_a_key_that_is_none_is_told_at_the_start(publication: Publication, key: str) -> None:
    engine = open_database(publication, Secrets())
    desk = Desk(
        publication=with_key(publication, key),
        secrets=Secrets(),
        engine=engine,
        sender=lambda: make_sender(publication, Secrets()),
    )
    with pytest.raises(ConfigError, match="webhook_key is not a verification key: copy it"):
        create_app(desk)
    engine.dispose()


def test_the_key_may_have_the_frame_of_pem(publication: Publication) -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with running_site(with_key(publication, pem.decode())) as site:
        assert post(site, payload([event(1)])).status_code == 200


@pytest.mark.parametrize(
    ("why", "key", "hours", "headers"),
    [
        ("carries no signature", None, 0, {}),
        ("not SendGrid's", new_key(), 0, {}),
        ("not SendGrid's", KEY, 0, {SIGNATURE: "AAAA"}),
        ("not SendGrid's", KEY, 0, {SIGNATURE: "ü"}),
        ("not SendGrid's", KEY, 0, {TIMESTAMP: "1795248001"}),
        ("not SendGrid's", KEY, 0, {TIMESTAMP: "soon"}),
        ("not SendGrid's", KEY, 0, {TIMESTAMP: "-5"}),
        ("not SendGrid's", KEY, 0, {TIMESTAMP: "9" * 400}),
        ("signed too long ago", KEY, -26, {}),
        ("signed in the future", KEY, 1, {}),
    ],
)
def test_a_request_that_is_not_to_be_believed_is_refused_in_one_sentence(
    little_site: Site,
    caplog: pytest.LogCaptureFixture,
    why: str,
    key: ec.EllipticCurvePrivateKey | None,
    hours: float,
    headers: dict[str, str],
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        body = payload([event(1)])
        moment = little_site.clock() + timedelta(hours=hours)
        signed = signed_headers(body, key, timestamp=int(moment.timestamp()))
        # as bytes: a header may hold what is not ASCII
        raw = [(name.encode(), value.encode()) for name, value in {**signed, **headers}.items()]
        answer = little_site.web.post(PATH, content=body, headers=raw)
        assert answer.status_code == 403
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert why in said[0]
    assert EMAIL not in said[0]
    assert kept(little_site) == []


def test_a_body_that_was_changed_on_its_way_is_refused(little_site: Site) -> None:
    body = payload([event(1)])
    headers = signed_headers(body, KEY, timestamp=int(little_site.clock().timestamp()))
    for forged in (body.replace(b"delivered", b"bounce"), body[:-1], body + b" ", b""):
        answer = little_site.web.post(PATH, content=forged, headers=headers)
        assert answer.status_code == 403
    assert kept(little_site) == []


def test_a_request_is_good_for_as_long_as_sendgrid_tries(little_site: Site) -> None:
    assert post(little_site, payload([event(1)]), hours=-24.5).status_code == 200
    assert post(little_site, payload([event(2)]), hours=4 / 60).status_code == 200


def test_a_replayed_request_changes_nothing(little_site: Site) -> None:
    body = payload([event(1)])
    headers = signed_headers(body, KEY, timestamp=int(little_site.clock().timestamp()))
    for hours in (0, 10, 10):
        little_site.clock.ahead(hours=hours)
        assert little_site.web.post(PATH, content=body, headers=headers).status_code == 200
    little_site.clock.ahead(hours=10)
    assert little_site.web.post(PATH, content=body, headers=headers).status_code == 403
    assert len(kept(little_site)) == 1


def test_a_huge_body_is_refused_before_it_is_read(little_site: Site) -> None:
    host, port = little_site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 999999999\r\n"
        connection.sendall(f"{head}{SIGNATURE}: AAAA\r\n{TIMESTAMP}: 1\r\n\r\n[".encode())
        assert b" 413 " in connection.recv(65_536).split(b"\r\n")[0]


def test_a_body_that_does_not_announce_its_size_is_cut_off_too(little_site: Site) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 65_536 + 2):
            yield b"x" * 65_536

    headers = {SIGNATURE: "AAAA", TIMESTAMP: "1"}
    try:
        answer = little_site.web.post(PATH, content=endless(), headers=headers)
    except httpx.TransportError:
        return  # the server hung up while we were talking
    assert answer.status_code == 413


def test_other_pages_take_no_more_than_before(little_site: Site) -> None:
    form = {"email": EMAIL, "name": "x" * 20_000}
    assert little_site.web.post("/subscribe", data=form).status_code == 413


def test_a_request_that_is_cut_off_harms_nothing(little_site: Site) -> None:
    host, port = little_site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9999\r\n"
        connection.sendall(f"{head}{SIGNATURE}: AAAA\r\n{TIMESTAMP}: 1\r\n\r\n[".encode())
    assert post(little_site, payload([event(1)])).status_code == 200


# ---- what is signed and still not well made --------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b'{"event": "delivered"}',
        b'"text"',
        b"null",
        payload([event(1)])[:-20],
        b"[" * 100_000,
        b'[{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}]",
        b"\x00\xff\xfe",
        b"\xef\xbb\xbf[]",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_signed_body_that_nobody_can_read_is_kept_and_not_asked_for_again(
    site: Site, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    caplog.set_level(logging.WARNING)
    assert post(site, body).status_code == 200
    assert post(site, body).status_code == 200
    assert len(kept(site)) == 1
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "is no list of events" in said[0]


@pytest.mark.parametrize(
    "item",
    [
        b"7",
        b"9" * 10_000,
        b"null",
        b'["a list"]',
        b"{}",
        b'{"sg_event_id": 5, "timestamp": "soon"}',
        b'{"sg_event_id": "", "timestamp": -5}',
        b'{"sg_event_id": "a\\u0000b", "timestamp": 1e300}',
        b'{"sg_event_id": "half \\ud800", "event": "\\udfff"}',
        b'{"sg_event_id": "raw\x00nul", "timestamp": 5}',
        b'{"sg_event_id": "\xff\xfe", "timestamp": 5}',
        b'{"sg_event_id": "' + b"x" * 5_000 + b'"}',
        b'{"timestamp": 99999999999999999999999}',
    ],
    ids=lambda item: repr(item[:24]),
)
def test_an_ill_made_event_is_kept_beside_the_good_ones(site: Site, item: bytes) -> None:
    good = json.dumps(event(1)).encode()
    assert post(site, b"[" + item + b"," + good + b"]").status_code == 200
    assert len(kept(site)) == 2
    with reading(site.desk.engine) as connection:
        named = select(func.count()).where(events.c.id == "event-1")
        assert connection.scalar(named) == 1


# ---- the log ---------------------------------------------------------------------


def test_the_same_sentence_is_logged_once_a_minute_with_the_number_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = HandClock()
    say = Sayings(clock=lambda: clock().timestamp())
    caplog.set_level(logging.WARNING)
    for number in range(100):
        say(logging.WARNING, f"a request of {number} bytes")
    say(logging.WARNING, "something else")
    clock.ahead(seconds=61)
    say(logging.WARNING, "a request of 5 bytes")
    assert [record.getMessage() for record in caplog.records] == [
        "a request of 0 bytes",
        "something else",
        "a request of 5 bytes (99 more like this in the meantime)",
    ]


def test_the_key_is_read_once(little_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.web.webhooks.read_key", None)
    assert post(little_site, payload([event(1)])).status_code == 200
    with pytest.raises(TypeError):
        webhook_routes(little_site.desk)
