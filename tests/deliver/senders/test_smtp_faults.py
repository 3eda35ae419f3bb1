"""Servers that misbehave in the middle of a mailing."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from publisher.deliver.sender import (
    Accepted,
    Deferred,
    Outcome,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.deliver.standing import Counts
from tests.deliver.smtp_world import BIG, all_accepted, outcomes, sending
from tests.deliver.world import people, planned, run, subscribe
from tests.servers.smtp_scripted import Guest, Scripted, scripted_server


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
