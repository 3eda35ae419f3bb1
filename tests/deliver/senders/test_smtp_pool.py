"""Several connections at a time, and what becomes of a chunk on them."""

import ssl
import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import count, islice
from pathlib import Path

import pytest

from publisher.config import Security, SmtpConfig
from publisher.deliver import states
from publisher.deliver.sender import (
    Message,
)
from publisher.deliver.senders.mime import Frame, frame
from publisher.deliver.senders.smtp import Smtp
from publisher.deliver.senders.smtp_dialling import Dialler
from publisher.deliver.senders.smtp_pool import Pool
from publisher.errors import DeliveryError
from tests.deliver.smtp_world import BIG, all_accepted, config, outcomes, sending
from tests.deliver.world import START, issue_mail, people, person
from tests.servers.smtp import SmtpServer, certificate, parsed, smtp_server
from tests.servers.smtp_scripted import Guest, scripted_server


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
    before = threading.active_count()
    with sending(server.port) as sender:
        answers = sender.send(issue_mail(), people(50), now=START)
        next(answers)
        with pytest.raises(KeyboardInterrupt):
            answers.throw(KeyboardInterrupt)  # type: ignore[attr-defined]  # senders are generators
        assert all_accepted(outcomes(sender, people(3)))
    assert threading.active_count() <= before


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

    monkeypatch.setattr("publisher.deliver.senders.smtp_mail.frame", counted)
    forms = [issue_mail(), issue_mail(attachments=(BIG,)), issue_mail(html="")]
    with sending(server.port) as sender:
        for chunk in range(2):
            for form, message in enumerate(forms):
                number = 10 * chunk + form + 1
                assert list(sender.send(message, [person(number)], now=START))
    assert len(built) == 3
    assert len(server.mails) == 6
