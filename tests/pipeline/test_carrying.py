"""The mail room: rings for chunks, takes back what is lost, tells editors what only they decide."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from publisher.deliver.mailing import Mailing, find_mailing, plan, read_mailing
from publisher.deliver.sender import Sender, Uncertain
from publisher.errors import DeliveryError
from publisher.pipeline import approving, controlling
from publisher.pipeline import record as records
from publisher.pipeline.carrying import MailRoom, ring_for_chunks, tell_of_stops, tend
from publisher.pipeline.desk import Desk
from publisher.pipeline.making import collect_week, render_week
from publisher.pipeline.sending import send_issue
from publisher.pipeline.states import State
from publisher.storage.schema import chunks, mailings
from tests.deliver.world import Scripted
from tests.pipeline.conftest import W47, Clock, mails

EDITOR = "desk@sirocco.example"


@pytest.fixture
def approved(desk: Desk) -> Desk:
    """A desk whose issue may go out, with an editor to tell."""
    schedule = replace(desk.publication.schedule, editors=(EDITOR,))
    desk = replace(desk, publication=replace(desk.publication, schedule=schedule))
    collect_week(desk, W47)
    render_week(desk, W47)
    approving.approve(desk, W47, by="amina", despite_errors=True)
    return desk


@pytest.fixture
def under_way(approved: Desk) -> Desk:
    """Its readers are planned one to a chunk, and workers may begin."""
    mailing = mailing_of(approved)
    plan(approved.engine, mailing, batch=1, now=approved.clock())
    with approved.engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    records.move(approved.engine, W47, State.SENDING, now=approved.clock(), who="test")
    return approved


def mailing_of(desk: Desk) -> Mailing:
    mailing = find_mailing(desk.engine, week=W47, list_name="readers")
    assert mailing
    return mailing


def rings(engine: Engine, desk: Desk, unanswered: int = 0) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    ring_for_chunks(
        engine, desk.clock(), unanswered=unanswered, ring=lambda m, n: found.append((m, n))
    )
    return found


def letters(desk: Desk) -> list[str]:
    folder = desk.publication.root / desk.publication.delivery.outbox
    return [path.read_text() for path in sorted(Path(folder).glob("*.eml"))]


def with_sender(desk: Desk, sender: Sender) -> Desk:
    """Readers get their mail from one sender, editors theirs from the outbox."""
    outbox = desk.sender
    given = [sender]
    return replace(desk, sender=lambda: given.pop() if given else outbox())


def test_a_mailing_is_sent_ring_by_ring_and_its_issue_is_sent_then(under_way: Desk) -> None:
    room = MailRoom(under_way)
    for mailing_id, n in rings(under_way.engine, under_way):
        room.carry(mailing_id, n)
    room.close()
    assert len(mails(under_way)) == 3
    assert rings(under_way.engine, under_way) == []
    records_before = records.get(under_way.engine, W47).state
    tend(under_way)
    assert (records_before, records.get(under_way.engine, W47).state) == (
        State.SENDING,
        State.SENT,
    )


def test_nobody_rings_while_enough_rings_wait(under_way: Desk) -> None:
    assert len(rings(under_way.engine, under_way)) == 3
    assert rings(under_way.engine, under_way, unanswered=80) == []


def test_a_process_that_ends_begins_no_other_chunk(under_way: Desk) -> None:
    room = MailRoom(replace(under_way, stopping=lambda: True))
    for mailing_id, n in rings(under_way.engine, under_way):
        room.carry(mailing_id, n)
    assert mails(under_way) == []


def test_a_missing_key_stops_the_mailing_and_is_told_once(under_way: Desk) -> None:
    def no_key() -> Sender:
        raise DeliveryError("there is no key for SendGrid: set SENDGRID_API_KEY")

    room = MailRoom(replace(under_way, sender=no_key))
    for mailing_id, n in rings(under_way.engine, under_way):
        room.carry(mailing_id, n)
    assert [tell_of_stops(under_way), tell_of_stops(under_way)] == [1, 0]
    (letter,) = letters(under_way)
    assert "SENDGRID_API_KEY" in letter
    assert f"publisher resume --week {W47}" in letter
    controlling.resume(under_way, W47, by="amina")
    assert len(rings(under_way.engine, under_way)) == 3


def test_chunks_of_a_lost_worker_are_sent_without_an_operator(
    under_way: Desk, clock: Clock
) -> None:
    with under_way.engine.begin() as connection:
        connection.execute(
            update(chunks)
            .where(chunks.c.n == 2)
            .values(
                state="claimed",
                lease_owner="elsewhere:77:beef",
                lease_until=clock.now + timedelta(minutes=5),
            )
        )
    assert len(rings(under_way.engine, under_way)) == 2
    assert tend(under_way).lost == 0
    clock.ahead(minutes=6)
    assert tend(under_way).lost == 1
    assert len(rings(under_way.engine, under_way)) == 3


def test_a_doubt_that_only_a_person_can_end_is_told_once(under_way: Desk) -> None:
    doubtful = with_sender(under_way, Scripted(script=[Uncertain(reason="no answer")]))
    room = MailRoom(doubtful)
    for mailing_id, n in rings(doubtful.engine, doubtful):
        room.carry(mailing_id, n)
    for _ in range(2):
        assert tend(under_way).resolved.stuck == 1
    (letter,) = letters(under_way)
    assert "--resend-uncertain" in letter


def test_a_held_issue_stops_going_out_and_a_released_one_goes_on(under_way: Desk) -> None:
    approving.hold(under_way, W47, "a libel on page 3")
    assert rings(under_way.engine, under_way) == []
    approving.release(under_way, W47)
    assert len(rings(under_way.engine, under_way)) == 3


def test_a_cancelled_issue_is_held_with_its_reason(under_way: Desk) -> None:
    assert controlling.cancel(under_way, W47, by="amina", reason="the wrong cover") == 3
    record = records.get(under_way.engine, W47)
    assert record.state is State.HELD
    assert "the wrong cover" in record.reason
    assert rings(under_way.engine, under_way) == []


def test_sending_again_finds_a_paused_mailing_paused(under_way: Desk) -> None:
    controlling.pause(under_way, W47, by="amina", reason="wait for the lawyer")
    found = send_issue(under_way, W47)
    assert (found.state, found.reason, found.waiting) == ("paused", "wait for the lawyer", 3)
    with under_way.engine.connect() as connection:
        assert read_mailing(connection, mailing_of(under_way).id).state == "paused"
        assert connection.scalar(select(chunks.c.n).where(chunks.c.state != "planned")) is None
