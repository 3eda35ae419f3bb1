"""The local SendGrid over HTTP, in a thread and as a process of its own."""

import http.client
import json
import socket
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from publisher.rehearsal.events import QUIET
from publisher.rehearsal.faults import Fault, RateLimit
from publisher.rehearsal.process import SendGridProcess, sendgrid_process
from publisher.rehearsal.server import sendgrid_server
from publisher.rehearsal.service import KEY, SendGridServer
from publisher.rehearsal.webhook import Habits, WebhookSender
from tests.rehearsal.test_events import request
from tests.rehearsal.test_webhook import listener

Answer = tuple[int, dict[str, str], bytes]


class Client:
    """A client that keeps its connection, as SendGrid allows."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.key = key

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.connection.request("POST", path, raw, {**usual, **headers})
        answer = self.connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def send(self, *emails: str, **changes: Any) -> Answer:
        return self.post("/v3/mail/send", request(*(emails or ("a@example.org",)), **changes))


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with sendgrid_server() as found:
        yield found


@pytest.fixture
def client(server: SendGridServer) -> Iterator[Client]:
    found = Client(server.url)
    yield found
    found.connection.close()


def test_a_mail_is_accepted_with_202_and_an_id_and_counted_against_the_limit(
    server: SendGridServer, client: Client
) -> None:
    status, headers, body = client.send("a@example.org", "b@example.org")
    assert (status, body) == (202, b"")
    assert headers["X-Message-Id"] == server.accepted[0].message_id
    assert headers["X-RateLimit-Limit"] == "10000"
    assert int(headers["X-RateLimit-Remaining"]) < 10000
    assert dict(server.mails) == {"a@example.org": 1, "b@example.org": 1}


def test_a_connection_serves_one_request_after_another(client: Client) -> None:
    client.send()
    kept = client.connection.sock
    assert kept is not None
    for _ in range(3):
        assert client.send()[0] == 202
    assert client.post("/v3/mail/send", b"{")[0] == 400
    assert client.connection.sock is kept


def test_errors_have_the_documented_shape(client: Client) -> None:
    status, _, body = client.send("a@example.org", subject="")
    assert status == 400
    (error,) = json.loads(body)["errors"]
    assert error.keys() == {"message", "field", "help"}
    assert error["field"] == "subject"
    assert json.loads(client.post("/v3/mail/send", b"{no json")[2])["errors"][0]["field"] is None


@pytest.mark.parametrize(
    ("path", "headers", "raw", "status"),
    [
        ("/v3/mail/send", {"Authorization": "Bearer SG.wrong"}, None, 401),
        ("/v3/mail/send", {"Content-Type": "text/plain"}, None, 415),
        ("/v3/mail/send", {}, b'{"subject": "\xff"}', 415),
        ("/v3/nowhere", {}, None, 404),
        ("/v3/logs", {"Authorization": "Bearer SG.wrong"}, None, 401),
        ("/v3/logs", {}, b'{"query": "who?"}', 400),
        ("/v3/logs", {}, b'{"query": "", "limit": 1001}', 400),
        ("/_rehearsal/forget", {"Authorization": "Bearer SG.wrong"}, None, 401),
    ],
)
def test_what_is_wrong_with_a_request_decides_its_status(
    client: Client, path: str, headers: dict[str, str], raw: bytes | None, status: int
) -> None:
    body = raw if raw is not None else request("a@example.org")
    assert client.post(path, body, **headers)[0] == status


def test_reading_what_can_only_be_sent_is_405(client: Client) -> None:
    client.connection.request("GET", "/v3/mail/send")
    assert client.connection.getresponse().status == 405


def test_a_request_over_30_megabytes_meets_a_proxy_that_speaks_html(
    server: SendGridServer, client: Client
) -> None:
    file = {"content": "QUJD" * 8_000_000, "filename": "a.pdf"}
    status, headers, body = client.send("a@example.org", attachments=[file])
    assert (status, headers["Content-Type"]) == (413, "text/html")
    assert body.startswith(b"<html>")
    assert server.book.counted.mails == 0


def test_the_rate_limit_is_real_and_says_when_it_ends(
    server: SendGridServer, client: Client
) -> None:
    moment = [100.0]
    server.clock = lambda: moment[0]
    server.rate_limit = RateLimit(requests=2, seconds=10)
    assert [client.send(f"r{n}@example.org")[0] for n in range(3)] == [202, 202, 429]
    _, headers, body = client.send("late@example.org")
    assert headers["X-RateLimit-Reset"] == "110"
    assert json.loads(body)["errors"][0]["message"] == "too many requests"
    moment[0] = 110
    assert client.send("late@example.org")[0] == 202
    assert server.book.counted.mails == 3


def test_sandbox_mode_checks_and_mails_nobody(server: SendGridServer, client: Client) -> None:
    sandbox = {"sandbox_mode": {"enable": True}}
    assert client.send("a@example.org", mail_settings=sandbox)[0] == 200
    assert client.send("a@", mail_settings=sandbox)[0] == 400
    assert server.book.counted.mails == 0


@pytest.mark.parametrize(
    ("fault", "mails"),
    [
        (Fault.DROP_ANSWER, 1),
        (Fault.HANG_ACCEPTED, 1),
        (Fault.HANG, 0),
        (Fault.RESET, 0),
        (Fault.RESET_BEFORE, 0),
        (Fault.HALF_ERROR, 0),
    ],
)
def test_some_faults_leave_the_client_without_an_answer(
    server: SendGridServer, fault: Fault, mails: int
) -> None:
    server.faults, server.hang_s = [fault], 0.01
    with Client(server.url) as client, pytest.raises((OSError, http.client.HTTPException)):
        client.send()
    assert server.book.counted.mails == mails
    assert server.happened == {fault.word: 1}
    with Client(server.url) as client:
        assert client.send()[0] == 202


@pytest.mark.parametrize(
    ("fault", "status", "mails"),
    [(Fault.ERROR_ACCEPTED, 500, 1), (Fault.SLOW, 202, 1), (Fault.SERVER_ERROR, 500, 0)],
)
def test_others_answer_what_may_be_true_or_not(
    server: SendGridServer, client: Client, fault: Fault, status: int, mails: int
) -> None:
    server.faults, server.slow_s = [fault], 0.01
    assert client.send()[0] == status
    assert server.book.counted.mails == mails


def test_what_was_accepted_is_read_back_in_the_logs_after_a_while(
    server: SendGridServer, client: Client
) -> None:
    moment = [1000.0]
    server.clock, server.log_lag_s = (lambda: moment[0]), 60
    message_id = client.send()[1]["X-Message-Id"]
    query = {"query": "to_email = 'a@example.org' AND categories IN ('2026-W47')"}
    assert json.loads(client.post("/v3/logs", query)[2]) == {"messages": []}
    moment[0] += 61
    (found,) = json.loads(client.post("/v3/logs", query)[2])["messages"]
    assert found["sg_message_id"].startswith(f"{message_id}.")
    assert found["status"] == "processed"


def test_the_webhook_tells_what_became_of_accepted_mails(
    server: SendGridServer, client: Client
) -> None:
    with listener() as heard:
        server.webhook = WebhookSender(heard.url, None, Habits(batch=3))
        server.behaviour = QUIET
        client.send(*(f"r{n}@example.org" for n in range(5)))
        server.faults = [Fault.SERVER_ERROR]
        client.send("lost@example.org")
        server.webhook.flush()
    events = [event for body in heard.bodies for event in json.loads(body)]
    assert sorted(event["event"] for event in events) == ["delivered"] * 5 + ["processed"] * 5
    message_id = server.accepted[0].message_id
    assert all(event["sg_message_id"].startswith(message_id) for event in events)
    logged = server.book.find((), limit=10, until=server.clock())
    assert {mail["status"] for mail in logged} == {"delivered"}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[SendGridProcess]:
    with sendgrid_process(key="SG.private", book=tmp_path / "book.db") as found:
        yield found


def test_as_a_process_it_is_steered_and_read_over_http(process: SendGridProcess) -> None:
    process.change(faults=["drop", 429], reset_after=30)
    client = Client(process.url, "SG.private")
    with pytest.raises((OSError, http.client.HTTPException)):
        client.send("a@example.org")
    client.connection.close()
    assert [client.send(*emails)[0] for emails in (["b@example.org"], ["a@example.org"])] == [
        429,
        202,
    ]
    state = process.state()
    assert (state["mails"], state["requests"], state["answers"]) == (2, 2, 3)
    assert state["happened"] == {"drop": 1, "429": 1}
    assert process.doubled() == {"a@example.org": 2}
    first, again = process.mails()
    assert (first.email, first.args["publisher_reader"]) == ("a@example.org", "1")
    assert first.message_id != again.message_id
    process.forget()
    assert process.state()["mails"] == 0
    client.connection.close()


def test_as_a_process_its_webhook_is_set_from_outside(process: SendGridProcess) -> None:
    with listener() as heard:
        process.change(
            webhook={"url": heard.url}, behaviour={"fates": {"a@example.org": "bounced"}}
        )
        client = Client(process.url, "SG.private")
        client.send("a@example.org")
        client.connection.close()
        assert process.flush()["events"] == 2
        process.change(webhook=None)
        assert process.linger() == 0
    assert '"type":"bounce"' in b"".join(heard.bodies).decode()


def test_opens_keep_coming_in_for_mails_of_the_last_requests(
    server: SendGridServer, client: Client
) -> None:
    with listener() as heard:
        server.webhook, server.behaviour = WebhookSender(heard.url, None), QUIET
        client.send("a@example.org", "b@example.org")
        client.send("c@example.org")
        server.webhook.flush()
        heard.bodies.clear()
        assert [server.linger(), server.linger()] == [2, 2]
        server.webhook.flush()
    events = [event for body in heard.bodies for event in json.loads(body)]
    assert {(event["event"], event["email"]) for event in events} == {
        ("open", "b@example.org"),
        ("open", "c@example.org"),
    }
    assert len({event["sg_event_id"] for event in events}) == 4
    assert all(event["publisher_chunk"] == "3" for event in events)


def test_a_setting_it_does_not_know_is_told(process: SendGridProcess) -> None:
    with pytest.raises(ValueError, match="there is no setting colour"):
        process.change(colour="red")


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    with sendgrid_process(book=tmp_path / "book.db") as found:
        address = urlsplit(found.url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5)


def test_started_by_hand_it_shows_its_address_and_the_webhooks_key() -> None:
    command = [sys.executable, "-m", "publisher.rehearsal", "--webhook", "http://127.0.0.1:1/"]
    started = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    url, key = started.stdout.splitlines()
    assert url.startswith("http://127.0.0.1:")
    load_der_public_key(b64decode(key.removeprefix('webhook_key = "').removesuffix('"')))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(["--faults", "flood"], "is no fault"), (["--book", __file__], "exists already")],
)
def test_started_wrongly_it_says_so(wrong: list[str], told: str) -> None:
    command = [sys.executable, "-m", "publisher.rehearsal", *wrong]
    started = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert started.returncode == 2
    assert told in started.stderr
    assert started.stdout == ""
