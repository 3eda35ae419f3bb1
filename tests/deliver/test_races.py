"""Two who touch the same chunk at the same moment, owners who come again, answers out of turn."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, event, select, update
from sqlalchemy.exc import OperationalError

from publisher.deliver import ledger, recording, standing, tending
from publisher.deliver.certificate import certificate_of
from publisher.deliver.mailing import Mailing, read_mailing
from publisher.deliver.recording import Attempt
from publisher.deliver.sender import Accepted, Answer, Deferred, Form, Refused, Retry, Uncertain
from publisher.deliver.standing import Counts
from publisher.deliver.states import LeaseLost, State
from publisher.errors import DeliveryError
from publisher.storage.schema import chunks, deliveries, mailings, subscriptions
from tests.deliver.world import (
    PDF,
    START,
    Clock,
    Scripted,
    issue_mail,
    person,
    planned,
    run,
    subscribe,
)

LEASE = timedelta(minutes=5)


def begin(engine: Engine, mailing: Mailing, *, doubt: int, owner: str = "a") -> Attempt:
    """Take the first chunk as a worker does, and mark the attempt."""
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
        chunk = ledger.claim_next(connection, mailing.id, owner=owner, now=START, lease=LEASE)
        assert chunk
        attempt, _ = recording.start(
            connection, chunk, mailing.list, owner=owner, now=START, lease=LEASE, doubt=doubt
        )
    return attempt


def answer(attempt: Attempt, *numbers: int, reason: str = "") -> Answer:
    people = tuple(person(number) for number in sorted(numbers or attempt.untried))
    return Answer(people, Uncertain(reason=reason) if reason else Accepted(provider_id="x"))


def sizes_agree(engine: Engine) -> bool:
    with engine.connect() as connection:
        members = [row.n for row in connection.execute(select(deliveries.c.n))]
        rows = connection.execute(select(chunks.c.n, chunks.c.size)).all()
    return all(row.size == members.count(row.n) for row in rows)


def test_a_worker_that_writes_just_when_its_chunk_is_taken_back_keeps_it(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    subscribe(engine, 10)
    mailing = planned(engine)
    attempt = begin(engine, mailing, doubt=1)
    late = START + LEASE
    with engine.begin() as worker:
        # its own clock is a little behind: the lease still stands for it
        recording.record(worker, attempt, [answer(attempt, 1)], now=late - timedelta(seconds=1))
        taken: list[int] = []

        def take_back() -> None:
            with engine.begin() as other:
                taken.append(tending.take_back(other, mailing, now=late))

        thread = threading.Thread(target=take_back)
        thread.start()
        thread.join(10)
    assert taken == [0]
    with engine.connect() as connection:
        assert ledger.read_chunk(connection, mailing.id, 1).state is State.SENDING


def test_an_answer_that_comes_after_the_lease_is_kept_if_nobody_has_looked(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing, clock, sender = planned(engine), Clock(), Scripted()

    def hang() -> None:
        clock.now += timedelta(hours=1)

    sender.before = hang
    report = run(engine, mailing, sender, clock)
    assert report.counts == Counts(accepted=10)
    assert len(sender.requests) == 1


def test_a_refusal_that_comes_after_the_lease_leaves_nobody_in_doubt(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing, clock = planned(engine), Clock()
    sender = Scripted(script=[Retry(reason="busy")])

    def hang_once() -> None:
        if len(sender.requests) == 1:
            clock.now += timedelta(hours=1)

    sender.before = hang_once
    assert run(engine, mailing, sender, clock).counts == Counts(accepted=10)


def test_an_answer_written_twice_moves_nobody_twice(engine: Engine) -> None:
    """As after a commit whose own answer was lost: the work is done again."""
    subscribe(engine, 10)
    mailing = planned(engine)
    attempt = begin(engine, mailing, doubt=1)
    answers = [answer(attempt, 1), answer(attempt, 2, reason="no answer")]

    def write(connection: Connection) -> None:
        try:
            recording.record(connection, attempt, answers, now=START)
        except LeaseLost:
            assert recording.record_late(connection, attempt, answers, now=START)

    for _ in range(2):
        with engine.begin() as connection:
            write(connection)
    assert sizes_agree(engine)
    with engine.connect() as connection:
        assert standing.counts(connection, mailing.id) == Counts(accepted=1, uncertain=1, waiting=8)


def test_an_owner_who_comes_again_does_not_take_back_what_may_have_left(engine: Engine) -> None:
    subscribe(engine, 20)
    mailing, clock, sender = planned(engine), Clock(), Scripted()
    cut = {"writes": False, "claims": False}

    def fail(_: object, __: object, statement: str, *___: object) -> None:
        if cut["writes"] and statement.startswith("UPDATE chunks"):
            raise OperationalError(statement, {}, Exception("the connection was cut"))

    def fail_at_commit(_: Connection) -> None:
        if cut["claims"]:
            cut["claims"] = False
            raise OperationalError("COMMIT", {}, Exception("the connection was cut"))

    event.listen(engine, "before_cursor_execute", fail)
    event.listen(engine, "commit", fail_at_commit)
    try:
        sender.before = lambda: cut.update(writes=True)
        with pytest.raises(DeliveryError):
            run(engine, mailing, sender, clock, owner="the same")
        sender.before = lambda: None
        # the database is back, but for one more accident while the next chunk is taken
        cut.update(writes=False)
        with suppress(DeliveryError):
            cut.update(claims=False)
            again = Scripted()
            original = ledger.planned

            def cut_this_one(*args: object, **named: object) -> object:
                cut.update(claims=True)
                return original(*args, **named)  # type: ignore[arg-type]  # passed on

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("publisher.deliver.ledger.planned", cut_this_one)
                run(engine, mailing, again, clock, owner="the same")
    finally:
        event.remove(engine, "before_cursor_execute", fail)
        event.remove(engine, "commit", fail_at_commit)
    last = Scripted()
    report = run(engine, mailing, last, clock, owner="another")
    assert report.counts == Counts(accepted=10, uncertain=10)
    assert len(sender.mailed) == 10
    assert not {*again.mailed, *last.mailed} & set(sender.mailed)


def test_readers_of_a_refused_chunk_keep_the_form_they_chose(engine: Engine) -> None:
    ids = subscribe(engine, 10)
    with engine.begin() as connection:
        connection.execute(update(subscriptions).values(pdf="attach"))
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)))
    sender = Scripted(script=[Refused(reason="bad", guilty=frozenset(ids[:1]))])
    run(engine, mailing, sender)
    with engine.connect() as connection:
        assert set(connection.scalars(select(chunks.c.form))) == {Form.ATTACH}
    assert [len(message.attachments) for message in sender.messages] == [1, 1]
    assert sizes_agree(engine)


def test_a_sender_that_says_nothing_of_some_readers_leaves_them_in_doubt(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    attempt = begin(engine, mailing, doubt=10)
    with engine.begin() as connection:
        attempt = recording.record(connection, attempt, [answer(attempt, 1, 2)], now=START)
        recording.finish(connection, attempt, now=START)
    assert sorted(r.email for r in certificate_of(engine, mailing).unserved) == sorted(
        f"reader{number}@example.org" for number in range(3, 11)
    )


def test_a_limit_parts_a_chunk_without_forgetting_who_was_mailed(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    first = Scripted(singly=True, doubt=1, script=[Accepted(), *[Deferred(reason="busy")] * 9])
    run(engine, mailing, first, stop=lambda: bool(first.requests))
    with engine.begin() as connection:
        chunk = ledger.read_chunk(connection, mailing.id, 1)
        assert (chunk.state, chunk.size) == (State.PLANNED, 10)
        ledger.keep_only(connection, chunk, 0, START)
        assert standing.counts(connection, mailing.id) == Counts(accepted=1, waiting=9)
    assert sizes_agree(engine)


def test_all_of_one_request_are_in_doubt_though_the_batch_was_lowered_meanwhile(
    engine: Engine,
) -> None:
    subscribe(engine, 10)
    mailing, clock = planned(engine, batch=10), Clock()
    dying = Scripted(batch=4, doubt=4)

    def interrupt() -> None:
        raise KeyboardInterrupt

    dying.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(engine, mailing, dying, clock)
    again = Scripted(batch=4, doubt=4)
    assert run(engine, mailing, again, clock, owner="next").counts == Counts(uncertain=10)
    assert again.requests == []


def test_a_mailing_is_not_ended_while_a_doubt_is_about_to_be_sent_again(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    subscribe(engine, 10)
    mailing = planned(engine)
    run(engine, mailing, Scripted(script=[Uncertain(reason="no answer")]))
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
    states: list[str] = []

    def close() -> None:
        with engine.begin() as other:
            current = read_mailing(other, mailing.id)
            states.append(tending.close(other, current, now=START))

    with engine.begin() as connection:
        chunk = ledger.read_chunk(connection, mailing.id, 1)
        connection.execute(update(chunks).where(chunks.c.n == chunk.n).values(state=State.PLANNED))
        read_mailing(connection, mailing.id, held=True)
        thread = threading.Thread(target=close)
        thread.start()
        thread.join(0.3)
    thread.join(10)
    assert states == ["sending"]
