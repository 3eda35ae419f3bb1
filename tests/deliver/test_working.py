"""A worker that is rung for: chunks of any mailing, whoever else is at work."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.exc import OperationalError

from publisher.deliver import control
from publisher.deliver.certificate import certificate_of
from publisher.deliver.ledger import due
from publisher.deliver.mailing import Mailing, freeze, plan, read_mailing
from publisher.deliver.sender import Accepted, Retry, Stop
from publisher.deliver.working import Courier
from publisher.storage.schema import mailings
from tests.deliver.world import (
    START,
    Clock,
    Scripted,
    issue_mail,
    planned,
    subscribe,
    unsubscribe_url,
)


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Thirty readers in three chunks, going out."""
    subscribe(engine, 30)
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    return mailing


def courier(engine: Engine, sender: Scripted, clock: Clock | None = None) -> Courier:
    clock = clock or Clock()
    return Courier(
        engine=engine,
        sender=sender,
        clock=clock,
        unsubscribe_url=unsubscribe_url,
        owner="worker",
        wait=clock.wait,
    )


def state(engine: Engine, mailing: Mailing) -> str:
    with engine.connect() as connection:
        return read_mailing(connection, mailing.id).state


def test_each_ring_sends_its_chunk_and_the_last_ends_the_mailing(
    engine: Engine, mailing: Mailing
) -> None:
    sender = Scripted()
    worker = courier(engine, sender)
    assert [worker.carry(mailing.id, n) for n in (2, 3, 1)] == [10, 10, 10]
    assert [reference.chunk for reference in sender.references] == [2, 3, 1]
    assert state(engine, mailing) == "done"


def test_a_ring_for_a_chunk_that_is_done_sends_the_next_one(
    engine: Engine, mailing: Mailing
) -> None:
    sender = Scripted()
    worker = courier(engine, sender)
    for _ in range(5):
        worker.carry(mailing.id, 1)
    assert len(set(sender.mailed)) == len(sender.mailed) == 30
    assert state(engine, mailing) == "done"


def test_rings_for_two_mailings_are_answered_with_the_mail_of_each(engine: Engine) -> None:
    subscribe(engine, 10)
    first = planned(engine)
    other = issue_mail(subject="Sirocco 13", week="2026-W48")
    second = freeze(engine, week="2026-W48", list_name="readers", message=other, now=START)
    plan(engine, second, batch=10, now=START)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    sender = Scripted()
    worker = courier(engine, sender)
    worker.carry(second.id, 1)
    worker.carry(first.id, 1)
    assert [message.subject for message in sender.messages] == [
        "Sirocco 13",
        "Sirocco 12: The water below",
    ]


def test_when_the_provider_asks_to_wait_nobody_sends_before(
    engine: Engine, mailing: Mailing
) -> None:
    until = START + timedelta(minutes=3)
    clock, asked = Clock(), Scripted(script=[Retry(reason="too many requests", at=until)])
    courier(engine, asked, clock).carry(mailing.id, 1)
    other = Scripted()
    assert courier(engine, other, clock).carry(mailing.id, 2) == 0
    with engine.connect() as connection:
        assert due(connection, now=clock(), limit=10) == []
    clock.now = until
    assert courier(engine, other, clock).carry(mailing.id, 2) == 10


def test_what_an_operator_must_mend_stops_the_mailing_for_all_workers(
    engine: Engine, mailing: Mailing
) -> None:
    sender = Scripted(script=[Stop(reason="the key is wrong")])
    worker = courier(engine, sender)
    worker.carry(mailing.id, 1)
    assert state(engine, mailing) == "stopped"
    assert courier(engine, Scripted()).carry(mailing.id, 2) == 0
    control.resume(engine, mailing, who="amina", now=START)
    assert worker.carry(mailing.id, 1) == 10


def test_a_database_that_goes_away_when_the_answer_is_written_loses_no_answer(
    engine: Engine, mailing: Mailing
) -> None:
    cut: list[str] = []

    def cut_twice(connection: object, cursor: object, statement: str, *_: object) -> None:
        if sender.mailed and len(cut) < 2 and statement.startswith("UPDATE chunks"):
            cut.append(statement)
            raise OperationalError(statement, {}, Exception("server closed the connection"))

    sender = Scripted(script=[Accepted(provider_id="one")])
    worker = courier(engine, sender)
    event.listen(engine, "before_cursor_execute", cut_twice)
    try:
        assert worker.carry(mailing.id, 1) == 10
    finally:
        event.remove(engine, "before_cursor_execute", cut_twice)
    assert len(cut) == 2
    assert certificate_of(engine, mailing).accepted == 10


def test_a_connection_cut_while_a_chunk_is_taken_leaves_it_for_the_next(
    engine: Engine, mailing: Mailing
) -> None:
    def cut(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "subscriptions" in statement:
            event.remove(engine, "before_cursor_execute", cut)
            raise OperationalError(statement, {}, Exception("server closed the connection"))

    sender, clock = Scripted(), Clock()
    worker = courier(engine, sender, clock)
    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(OperationalError):
        worker.carry(mailing.id, 1)
    assert sender.mailed == []
    # a failing database is not asked again at once for every ring
    assert worker.carry(mailing.id, 1) == 0
    clock.wait(15)
    assert worker.carry(mailing.id, 1) == 10


def test_a_worker_frozen_past_its_lease_does_not_send(engine: Engine, mailing: Mailing) -> None:
    clock, sender = Clock(), Scripted()
    worker = courier(engine, sender, clock)

    def freeze_for_an_hour(connection: object, cursor: object, statement: str, *_: object) -> None:
        # after the chunk is marked, while the frozen mail is read
        if "FROM artefacts" in statement and clock.now == START:
            clock.wait(3600)

    event.listen(engine, "before_cursor_execute", freeze_for_an_hour)
    try:
        assert worker.carry(mailing.id, 1) == 0
    finally:
        event.remove(engine, "before_cursor_execute", freeze_for_an_hour)
    assert sender.mailed == []
    assert certificate_of(engine, mailing).waiting == 30
    assert worker.carry(mailing.id, 1) == 10
