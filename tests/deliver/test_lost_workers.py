"""Workers that die, freeze, are interrupted or lose the database in the middle of a chunk."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError

from publisher.deliver.certificate import certificate_of, counts_of
from publisher.deliver.ledger import claim_next
from publisher.deliver.mailing import read_mailing
from publisher.deliver.resolving import resend_uncertain
from publisher.deliver.standing import Counts
from publisher.errors import DeliveryError
from publisher.storage.schema import audit, mailings
from tests.deliver.world import START, Clock, Scripted, planned, run, subscribe


def acts(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(audit.c.act).order_by(audit.c.id)))


def emails(numbers: range) -> list[str]:
    return [f"reader{number}@example.org" for number in numbers]


def test_a_chunk_only_claimed_by_a_lost_worker_is_sent_by_another(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
        claim_next(connection, mailing.id, owner="dead", now=START, lease=timedelta(minutes=5))
    clock, sender = Clock(), Scripted()
    report = run(engine, mailing, sender, clock)
    assert report.counts == Counts(accepted=10)
    assert clock.now - START >= timedelta(minutes=5)


def test_nobody_waits_for_the_lease_of_a_worker_that_is_surely_dead(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(update(mailings).values(state="sending"))
        claim_next(connection, mailing.id, owner="dead", now=START, lease=timedelta(minutes=5))
    clock = Clock()
    report = run(engine, mailing, Scripted(), clock, is_dead=lambda owner: owner == "dead")
    assert report.counts == Counts(accepted=10)
    assert clock.now - START < timedelta(minutes=1)


class Crash(BaseException):
    """Stands in for the death of a process: nothing is tidied up after it."""


def crash(
    engine: Engine, mailing_id: int, sender: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.deliver.attempting._give_up", lambda *_: None)
    with engine.connect() as connection:
        mailing = read_mailing(connection, mailing_id)
    with pytest.raises(Crash):
        run(engine, mailing, sender, owner="dead")


def test_a_worker_lost_while_sending_leaves_doubt_where_one_request_is_for_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(engine, 20)
    mailing = planned(engine)

    def die() -> None:
        raise Crash

    crash(engine, mailing.id, Scripted(before=die), monkeypatch)
    clock, sender = Clock(), Scripted()
    report = run(engine, mailing, sender, clock)
    assert report.counts == Counts(accepted=10, uncertain=10)
    reasons = {r.reason for r in certificate_of(engine, mailing).unserved}
    assert reasons == {"the sending process was lost before the answer was recorded"}


def test_a_worker_lost_while_sending_singly_leaves_one_reader_in_doubt(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    dying = Scripted(singly=True, doubt=1)

    def die_at_the_fifth() -> None:
        if len(dying.mailed) == 4:
            raise Crash

    dying.before = die_at_the_fifth
    crash(engine, mailing.id, dying, monkeypatch)
    sender = Scripted(singly=True, doubt=1)
    report = run(engine, mailing, sender)
    assert report.counts == Counts(accepted=9, uncertain=1)
    assert sender.mailed == emails(range(6, 11))
    assert [r.email for r in certificate_of(engine, mailing).unserved] == ["reader5@example.org"]


def test_a_worker_lost_while_writing_files_leaves_nobody_in_doubt(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    dying = Scripted(singly=True, doubt=0)

    def die_at_the_fifth() -> None:
        if len(dying.mailed) == 4:
            raise Crash

    dying.before = die_at_the_fifth
    crash(engine, mailing.id, dying, monkeypatch)
    report = run(engine, mailing, Scripted(singly=True, doubt=0))
    assert report.counts == Counts(accepted=10)


def test_ctrl_c_says_at_once_who_is_in_doubt(engine: Engine) -> None:
    subscribe(engine, 20)
    mailing = planned(engine)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(engine, mailing, Scripted(before=interrupt))
    assert counts_of(engine, mailing) == Counts(uncertain=10, waiting=10)


def test_a_worker_frozen_past_its_lease_sends_no_more_and_its_late_answer_counts(
    engine: Engine,
) -> None:
    subscribe(engine, 6)
    mailing = planned(engine)
    clock = Clock()
    other = Scripted(singly=True, doubt=1)
    frozen = Scripted(singly=True, doubt=1)

    def freeze_at_the_third() -> None:
        if len(frozen.mailed) == 2:
            clock.now += timedelta(hours=1)
            run(engine, mailing, other, clock, owner="other")

    frozen.before = freeze_at_the_third
    report = run(engine, mailing, frozen, clock, owner="frozen")
    assert frozen.mailed == emails(range(1, 4))
    assert other.mailed == emails(range(4, 7))
    assert report.counts == Counts(accepted=6)


def test_a_late_answer_after_another_attempt_is_an_incident_on_the_record(
    engine: Engine,
) -> None:
    subscribe(engine, 10)
    mailing = planned(engine)
    clock = Clock()
    other, frozen = Scripted(), Scripted()

    def freeze_and_let_an_operator_resend() -> None:
        clock.now += timedelta(hours=1)
        run(engine, mailing, other, clock, owner="other")
        resend_uncertain(engine, mailing, other, who="amel", now=clock.now)
        run(engine, mailing, other, clock, owner="other")

    frozen.before = freeze_and_let_an_operator_resend
    report = run(engine, mailing, frozen, clock, owner="frozen")
    assert report.counts == Counts(accepted=10)
    assert acts(engine) == ["resend uncertain", "late answer"]


@contextmanager
def database_failing(engine: Engine, times: int) -> Iterator[None]:
    """Cut the database's connection at the next so many writes to a chunk."""
    left = [times]

    def cut(_: object, __: object, statement: str, *___: Any) -> None:
        if left[0] and statement.startswith("UPDATE chunks"):
            left[0] -= 1
            raise OperationalError(statement, {}, Exception("the connection was cut"))

    event.listen(engine, "before_cursor_execute", cut)
    yield
    event.remove(engine, "before_cursor_execute", cut)


def test_an_answer_survives_a_database_that_fails_for_a_moment(engine: Engine) -> None:
    subscribe(engine, 10)
    mailing, clock, sender = planned(engine), Clock(), Scripted()
    with ExitStack() as stack:
        sender.before = lambda: stack.enter_context(database_failing(engine, 3))
        report = run(engine, mailing, sender, clock)
    assert report.counts == Counts(accepted=10)
    assert len(sender.requests) == 1


def test_a_database_that_stays_away_is_told_in_a_sentence_and_nobody_is_mailed_twice(
    engine: Engine,
) -> None:
    subscribe(engine, 10)
    mailing, clock, sender = planned(engine), Clock(), Scripted()
    told = "the connection was cut: mend it and send again"
    with ExitStack() as stack:
        sender.before = lambda: stack.enter_context(database_failing(engine, 99))
        with pytest.raises(DeliveryError, match=told):
            run(engine, mailing, sender, clock)
    again = Scripted()
    assert run(engine, mailing, again, clock, owner="next").counts == Counts(uncertain=10)
    assert again.requests == []
