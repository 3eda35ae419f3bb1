"""Pause, resume, cancel, hurry while mails go out."""

import pytest
from sqlalchemy import Engine

from publisher.deliver import control
from publisher.deliver.certificate import certificate_of
from publisher.deliver.ledger import due
from publisher.deliver.mailing import Mailing, freeze, plan, read_mailing
from publisher.deliver.sender import Retry, Uncertain
from publisher.deliver.standing import Counts
from publisher.errors import DeliveryError
from tests.deliver.world import START, Clock, Scripted, issue_mail, planned, run, subscribe

BY = {"who": "amina", "now": START}


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Thirty readers in three chunks."""
    subscribe(engine, 30)
    return planned(engine)


def cancel(engine: Engine, mailing: Mailing) -> None:
    control.cancel(engine, mailing, reason="wrong cover", who="amina", now=START)


def state(engine: Engine, mailing: Mailing) -> str:
    with engine.connect() as connection:
        return read_mailing(connection, mailing.id).state


def test_a_pause_ends_after_the_chunk_under_way_and_resume_goes_on(
    engine: Engine, mailing: Mailing
) -> None:
    sender = Scripted()
    sender.before = lambda: control.pause(engine, mailing, reason="a mistake", **BY)  # type: ignore[arg-type]  # as given
    report = run(engine, mailing, sender)
    assert (report.state, report.reason) == ("paused", "a mistake")
    assert report.counts == Counts(accepted=10, waiting=20)
    sender.before = lambda: None
    assert run(engine, mailing, sender).counts == Counts(accepted=10, waiting=20)
    control.resume(engine, mailing, **BY)  # type: ignore[arg-type]  # as given
    assert run(engine, mailing, sender).counts == Counts(accepted=30)
    assert len(set(sender.mailed)) == len(sender.mailed) == 30


def test_what_is_cancelled_is_named_and_never_sent(engine: Engine, mailing: Mailing) -> None:
    sender = Scripted()
    sender.before = lambda: cancel(engine, mailing)
    report = run(engine, mailing, sender)
    assert (report.state, report.counts) == ("cancelled", Counts(accepted=10, cancelled=20))
    sender.before = lambda: None
    assert run(engine, mailing, sender).counts == Counts(accepted=10, cancelled=20)
    found = certificate_of(engine, mailing)
    assert found.intended == 30
    assert {reader.state for reader in found.unserved} == {"cancelled"}
    assert len(sender.mailed) == 10


def test_a_chunk_that_comes_back_after_a_cancel_is_cancelled_too(
    engine: Engine, mailing: Mailing
) -> None:
    sender = Scripted(script=[Retry(reason="too many requests")])
    sender.before = lambda: cancel(engine, mailing)
    assert run(engine, mailing, sender, Clock()).counts == Counts(cancelled=30)


def test_a_doubt_outlives_a_cancel(engine: Engine, mailing: Mailing) -> None:
    sender = Scripted(script=[Uncertain(reason="no answer")])
    sender.before = lambda: cancel(engine, mailing)
    assert run(engine, mailing, sender).counts == Counts(uncertain=10, cancelled=20)


@pytest.mark.parametrize("act", [control.pause, control.cancel])
def test_what_is_done_can_neither_be_paused_nor_cancelled(
    engine: Engine, mailing: Mailing, act: object
) -> None:
    run(engine, mailing, Scripted())
    with pytest.raises(DeliveryError, match=r"2026-W47 is done"):
        act(engine, mailing, reason="too late", **BY)  # type: ignore[operator]  # one of two functions
    assert state(engine, mailing) == "done"


def test_only_what_stands_still_is_resumed(engine: Engine, mailing: Mailing) -> None:
    with pytest.raises(DeliveryError, match="planned, not paused"):
        control.resume(engine, mailing, **BY)  # type: ignore[arg-type]  # as given


def test_the_mailing_with_the_higher_priority_is_rung_for_first(
    engine: Engine, mailing: Mailing
) -> None:
    urgent = freeze(engine, week="2026-W48", list_name="readers", message=issue_mail(), now=START)
    plan(engine, urgent, batch=10, now=START)
    for one in (mailing, urgent):
        control.pause(engine, one, reason="", **BY)  # type: ignore[arg-type]  # as given
        control.resume(engine, one, **BY)  # type: ignore[arg-type]  # as given
    with engine.connect() as connection:
        assert due(connection, now=START, limit=1) == [(mailing.id, 1)]
    control.set_priority(engine, urgent, 5)
    with engine.connect() as connection:
        first = [number for number, _ in due(connection, now=START, limit=4)]
    assert first == [urgent.id] * 3 + [mailing.id]
