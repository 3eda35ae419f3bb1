"""Several connections at a time, and servers that misbehave on one of them."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count, islice
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher.config import Security, SmtpConfig
from publisher.deliver import states
from publisher.deliver.ledger import Counts
from publisher.deliver.mime import Frame, frame
from publisher.deliver.sender import (
    Accepted,
    Attachment,
    Deferred,
    Message,
    Outcome,
    Recipient,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.smtp import Smtp
from publisher.deliver.smtp_dialling import Dialler
from publisher.deliver.smtp_pool import Pool
from publisher.errors import DeliveryError
from tests.deliver.world import START, issue_mail, people, person, planned, run, subscribe
from tests.servers.smtp import SmtpServer, certificate, parsed, smtp_server
from tests.servers.smtp_scripted import Guest, Scripted, scripted_server

BIG = Attachment(name="issue.pdf", media_type="application/pdf", content=b"%PDF.\r\n" * 900_000)


def config(port: int, **options: object) -> SmtpConfig:
    return SmtpConfig(host="127.0.0.1", port=port, security=Security.NONE, **options)  # type: ignore[arg-type]  # checked when called


@contextmanager
def sending(port: int, *, timeout_s: float = 10, **options: object) -> Iterator[Smtp]:
    sender = Smtp(config(port, **options), timeout_s=timeout_s)
    try:
        yield sender
    finally:
        sender.close()


def outcomes(sender: Smtp, readers: list[Recipient], **changes: object) -> list[Outcome]:
    """Return what became of each reader, in their order."""
    answers = list(sender.send(issue_mail(**changes), readers, now=START))
    found = {r.subscriber_id: a.outcome for a in answers for r in a.recipients}
    assert sum(len(a.recipients) for a in answers) == len(found)
    return [found[reader.subscriber_id] for reader in readers]


def all_accepted(found: list[Outcome]) -> bool:
    return all(isinstance(outcome, Accepted) for outcome in found)


@pytest.fixture(params=[False, True], ids=["step by step", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with smtp_server(pipelining=request.param) as running:
        yield running


def test_as_many_mails_are_on_their_way_as_there_are_connections() -> None:
    together = threading.Barrier(3)

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        for mail in count(1):
            if not guest.envelope():
                break
            guest.say("250 OK", "250 OK", "354 go on")
            guest.mail()
            if mail == 1:
                together.wait(10)  # the answer comes only when all three are there
            guest.say("250 taken")

    with scripted_server(script) as running, sending(running.port, connections=3) as sender:
        assert all_accepted(outcomes(sender, people(9)))
        assert running.guests == 3


def test_a_chunk_goes_out_once_to_everybody(server: SmtpServer) -> None:
    with sending(server.port) as sender:
        assert all_accepted(outcomes(sender, people(sender.capabilities.batch)))
        assert server.sessions <= 4
    assert server.doubled == []
    assert len(server.mails) == sender.capabilities.batch


@pytest.mark.parametrize("most", [1, 2])
def test_a_server_that_wants_fewer_connections_gets_fewer(server: SmtpServer, most: int) -> None:
    server.most = most
    with sending(server.port, connections=4) as sender:
        assert all_accepted(outcomes(sender, people(30)))
        assert all_accepted(outcomes(sender, people(30)))
        assert server.sessions == most


def test_a_crowded_server_is_asked_again_after_a_while(server: SmtpServer) -> None:
    moment = [0.0]
    dialler = Dialler(config(server.port), "", ssl.create_default_context(), 10)
    pool = Pool(dialler.dial, 3, clock=lambda: moment[0])
    server.most = 1
    assert pool.one_more()
    assert pool.one_more() is None
    server.most = 10
    assert pool.one_more() is None
    moment[0] += 301
    assert pool.one_more()
    assert pool.one_more()
    assert pool.one_more() is None
    pool.close()
    assert len(pool) == 0


@pytest.mark.parametrize("each", [1, 3])
def test_a_server_that_takes_a_few_mails_on_each_connection_gets_them_all(
    server: SmtpServer, each: int
) -> None:
    server.mails_each = each
    with sending(server.port, connections=2) as sender:
        assert all_accepted(outcomes(sender, people(20)))
    assert sorted(to for to, _ in server.mails) == sorted(r.email for r in people(20))
    assert server.sessions >= 20 / each


def test_connections_the_server_closed_between_two_chunks_are_made_anew() -> None:
    left = threading.Semaphore(0)

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        for _ in range(2):
            guest.envelope()
            guest.say("250 OK", "250 OK", "354 go on")
            guest.mail()
            guest.say("250 taken")
        guest.say("421 4.4.2 idle for too long")
        guest.leave()
        left.release()

    with scripted_server(script) as running, sending(running.port, connections=1) as sender:
        for chunk in range(1, 4):
            assert all_accepted(outcomes(sender, people(2)))
            assert left.acquire(timeout=10)
            assert running.guests == chunk


@pytest.mark.parametrize("cut", [1, 4, 6, 11, 23, 40])
def test_whoever_may_have_been_mailed_when_a_worker_dies_is_among_those_in_doubt(
    cut: int,
) -> None:
    readers = people(60)
    with smtp_server(pipelining=True) as server, sending(server.port, connections=3) as sender:
        can = sender.capabilities
        recorded: set[str] = set()
        waiting: list[str] = []
        answers = sender.send(issue_mail(), readers, now=START)
        for answer in islice(answers, cut):
            waiting += [r.email for r in answer.recipients]
            if len(waiting) >= can.recorded:
                recorded.update(waiting)
                waiting = []
        answers.close()  # type: ignore[attr-defined]  # senders are generators
    mailed = {to for to, _ in server.mails}
    unanswered = [r.email for r in readers if r.email not in recorded]
    doubtful, untried = states.in_doubt(unanswered, can.doubt)
    assert recorded <= mailed
    assert not mailed & set(untried)
    assert len(doubtful) <= 30


def test_an_answer_that_comes_late_holds_nobody_up_but_those_behind_the_window() -> None:
    release = threading.Event()
    taken: list[str] = []

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        while to := guest.envelope():
            guest.say("250 OK", "250 OK", "354 go on")
            guest.mail()
            taken.append(to)
            if to == "reader1@example.org":
                release.wait(10)
            guest.say("250 taken")

    with scripted_server(script) as running, sending(running.port, connections=2) as sender:
        found = []
        for answer in sender.send(issue_mail(), people(20), now=START):
            found.append(answer.recipients[0].subscriber_id)
            if len(found) == 18:
                release.set()
        assert found.index(1) >= 18
        assert sorted(found) == list(range(1, 21))
        assert len(set(taken)) == len(taken) == 20


def test_after_a_stop_nothing_is_mailed_but_what_was_on_its_way_is_heard() -> None:
    refused = threading.Event()
    mailed: list[str] = []

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        to = guest.envelope()
        if guest.number == 2:
            guest.say("553 5.7.1 not your address", "503 first MAIL", "503 first RCPT")
            guest.hear()
            refused.set()
            return
        guest.say("250 OK", "250 OK", "354 go on")
        guest.mail()
        mailed.append(to)
        guest.envelope()  # the next one's, sent along
        refused.wait(10)
        guest.say("250 taken", "250 OK", "250 OK", "354 go on")
        if guest.mail():
            mailed.append("one too many")

    with scripted_server(script) as running, sending(running.port, connections=2) as sender:
        found = outcomes(sender, people(12))
    assert mailed == ["reader1@example.org"]
    assert isinstance(found[0], Accepted)
    assert all(isinstance(outcome, Stop) for outcome in found[1:])


def answering(*replies: str, features: tuple[str, ...] = ("PIPELINING",)) -> Callable[..., None]:
    """Return a script that takes an envelope and answers the mail with these replies in turn."""
    left = list(replies)

    def script(guest: Guest) -> None:
        guest.hello(*features)
        while guest.envelope():
            guest.say("250 OK", "250 OK", "354 go on")
            guest.mail()
            guest.say(left.pop(0) if left else "250 taken")

    return script


def first_of(running: Scripted, count: int = 2, **changes: object) -> list[Outcome]:
    with sending(running.port, connections=1, timeout_s=1) as sender:
        return outcomes(sender, people(count), **changes)


def test_a_goodbye_to_a_whole_mail_puts_its_reader_off_and_the_next_goes_elsewhere() -> None:
    with scripted_server(answering("421 4.3.2 shutting down")) as running:
        first, second = first_of(running)
        assert first == Deferred(reason="421 4.3.2 shutting down")
        assert isinstance(second, Accepted)
        assert running.guests == 2


@pytest.mark.parametrize("raving", ["354 more!", "hello", "99"])
def test_nonsense_after_a_whole_mail_is_a_doubt_and_the_next_is_mailed(raving: str) -> None:
    with scripted_server(answering(raving)) as running:
        first, second = first_of(running)
        assert isinstance(first, Uncertain)
        assert isinstance(second, Accepted)


def test_a_server_that_falls_over_every_mail_gets_no_more_of_them() -> None:
    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        guest.say("250 OK", "250 OK", "354 go on")
        guest.mail()

    with scripted_server(script) as running, sending(running.port, connections=2) as sender:
        found = outcomes(sender, people(30))
    doubtful = [outcome for outcome in found if isinstance(outcome, Uncertain)]
    assert 1 <= len(doubtful) <= 6
    assert len([o for o in found if isinstance(o, Retry)]) == 30 - len(doubtful)


def test_a_mail_refused_for_one_reader_after_the_other_is_tried_with_no_more() -> None:
    with scripted_server(answering(*["554 5.7.1 spam"] * 300)) as running:
        found = first_of(running, 200)
    refused = [outcome for outcome in found if isinstance(outcome, Refused)]
    assert 50 <= len(refused) <= 52  # what was on its way is still heard
    assert found[52:] == [Retry(reason="554 5.7.1 spam")] * 148


def test_a_server_that_goes_down_with_all_connections_is_one_doubt_and_not_many(
    engine: Engine,
) -> None:
    down = threading.Barrier(4)
    went_down = threading.Event()

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        while guest.envelope():
            guest.say("250 OK", "250 OK", "354 go on")
            guest.mail()
            if not went_down.is_set():
                down.wait(10)
                went_down.set()
                return
            guest.say("250 taken")

    subscribe(engine, 60)
    mailing = planned(engine, batch=100)
    with scripted_server(script) as running, sending(running.port, connections=4) as sender:
        report = run(engine, mailing, sender)
    assert report.counts == Counts(accepted=56, uncertain=4)
    assert report.state == "done"


def test_a_full_mailbox_is_the_readers_own_and_no_reason_to_leave_the_pdf() -> None:
    with scripted_server(answering("552 5.2.2 mailbox full")) as running:
        first, second = first_of(running)
        assert first == Refused(reason="552 5.2.2 mailbox full")
        assert isinstance(second, Accepted)


def test_a_server_that_speaks_no_smtp_is_tried_again_later() -> None:
    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        guest.say("HTTP/1.1 400 Bad Request", "")

    with scripted_server(script) as running:
        for outcome in first_of(running):
            assert isinstance(outcome, Retry)
            assert "no reply code: HTTP/1.1 400 Bad Request" in outcome.reason
        assert running.guests == 3


def test_a_reply_without_an_end_is_cut_off() -> None:
    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        for _ in range(10_000):
            guest.say("250-" + "a" * 100)

    with scripted_server(script) as running:
        (outcome,) = first_of(running, 1)
        assert isinstance(outcome, Retry)
        assert "a reply without an end" in outcome.reason


def test_a_server_that_asks_for_the_mail_of_a_refused_reader_gets_none() -> None:
    mails: list[bytes] = []

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        while to := guest.envelope():
            no = to == "reader2@example.org"
            guest.say("250 OK", "550 5.1.1 unknown" if no else "250 OK", "354 go on")
            mails.append(guest.mail())
            guest.say("554 no recipients" if no else "250 taken")
            if no:
                assert guest.hear() == "RSET"
                guest.say("250 OK")

    with scripted_server(script) as running:
        first, second, third = first_of(running, 3)
        assert [type(first), type(third)] == [Accepted, Accepted]
        assert second == Refused(reason="550 5.1.1 unknown")
        assert [bool(mail) for mail in mails] == [True, False, True]


def test_a_mail_refused_before_it_is_whole_is_judged_by_what_was_said() -> None:
    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        guest.say("250 OK", "250 OK", "354 go on")
        guest.socket.recv(10_000)
        guest.say("552 5.3.4 message too big")
        guest.mail()

    with scripted_server(script) as running:
        found = first_of(running, attachments=(BIG,))
        assert found == [TooLarge(reason="552 5.3.4 message too big")] * 2


def test_a_connection_lost_in_the_middle_of_a_mail_is_no_doubt() -> None:
    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        guest.say("250 OK", "250 OK", "354 go on")
        if guest.number == 1:
            guest.socket.recv(10_000)
            return
        guest.mail()
        guest.say("250 taken")

    with scripted_server(script) as running:
        assert all_accepted(first_of(running, 1, attachments=(BIG,)))
        assert running.guests == 2


def test_a_server_that_stops_reading_is_given_up_in_time() -> None:
    done = threading.Event()

    def script(guest: Guest) -> None:
        guest.hello("PIPELINING")
        guest.envelope()
        guest.say("250 OK", "250 OK", "354 go on")
        done.wait(10)

    with scripted_server(script) as running, sending(running.port, timeout_s=0.2) as sender:
        (outcome,) = outcomes(sender, people(1), attachments=(BIG,))
        done.set()
        assert isinstance(outcome, Retry)
        assert "silent for 0.2 seconds" in outcome.reason


@pytest.mark.parametrize("at", ["MAIL", "RCPT"])
def test_a_server_that_wants_a_login_stops_instead_of_refusing_all_readers(at: str) -> None:
    def script(guest: Guest) -> None:
        guest.hello()
        while command := guest.hear():
            guest.say("530 5.7.0 log in first" if command.startswith(at) else "250 OK")

    with scripted_server(script) as running:
        for outcome in first_of(running):
            assert isinstance(outcome, Stop)
            assert "wants a login or TLS first: 530 5.7.0 log in first: set user" in outcome.reason


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_large_mails_arrive_whole_through_tls(how: str, tmp_path: Path) -> None:
    context, trusting = certificate(tmp_path)
    with smtp_server(**{how: context}, pipelining=True) as server:  # type: ignore[arg-type]  # one of two contexts
        options = SmtpConfig(host=server.host, port=server.port, security=Security(how))
        sender = Smtp(options, timeout_s=10, context=trusting)
        assert all_accepted(outcomes(sender, people(2), attachments=(BIG,)))
        sender.close()
        for _, mail in server.mails:
            (file,) = parsed(mail).iter_attachments()
            assert file.get_content() == BIG.content


def test_whoever_ends_the_sending_leaves_no_connection_behind(server: SmtpServer) -> None:
    with sending(server.port) as sender:
        answers = sender.send(issue_mail(), people(50), now=START)
        next(answers)
        with pytest.raises(KeyboardInterrupt):
            answers.throw(KeyboardInterrupt)  # type: ignore[attr-defined]  # senders are generators
        assert all_accepted(outcomes(sender, people(3)))
    assert threading.active_count() <= 2  # the server's own


def test_each_mail_has_the_return_path_that_was_made_for_it(server: SmtpServer) -> None:
    marked = person(1, return_path="bounces+k3ykgu@sirocco.example")
    with sending(server.port, connections=1, bounces="bounces@sirocco.example") as sender:
        assert all_accepted(outcomes(sender, [marked, person(2)]))
    with sending(server.port) as sender:
        assert all_accepted(outcomes(sender, [person(3)]))
    assert server.senders == [
        "bounces+k3ykgu@sirocco.example",
        "bounces@sirocco.example",
        "weekly@sirocco.example",
    ]


def test_an_address_for_bounces_without_room_for_a_mark_is_told_at_once() -> None:
    with pytest.raises(DeliveryError, match="too long to take a mark"):
        Smtp(config(25, bounces="the-bounces-of-our-weekly-letter@example.org"))


def test_a_connection_nobody_used_for_a_while_is_left_politely() -> None:
    moment = [0.0]
    heard: list[str] = []

    def script(guest: Guest) -> None:
        guest.hello()
        heard.append(guest.hear())

    with scripted_server(script) as running:
        options = Dialler(
            config(running.port), "", ssl.create_default_context(), 10, clock=lambda: moment[0]
        )
        pool = Pool(options.dial, 1, clock=lambda: moment[0])
        assert pool.one_more()
        pool.refresh()
        assert len(pool) == 1
        moment[0] += 61
        pool.refresh()
        assert len(pool) == 0
        pool.close()
    assert heard == ["QUIT"]


def test_a_mail_is_built_once_for_all_its_chunks(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Message] = []

    def counted(message: Message, now: datetime, *, embed: bool = False) -> Frame:
        built.append(message)
        return frame(message, now, embed=embed)

    monkeypatch.setattr("publisher.deliver.smtp_mail.frame", counted)
    forms = [issue_mail(), issue_mail(attachments=(BIG,)), issue_mail(html="")]
    with sending(server.port) as sender:
        for chunk in range(2):
            for form, message in enumerate(forms):
                number = 10 * chunk + form + 1
                assert list(sender.send(message, [person(number)], now=START))
    assert len(built) == 3
    assert len(server.mails) == 6
