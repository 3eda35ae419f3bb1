"""How doubts end: by events, by records, by a silence that would have been broken, by a word."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from publisher.deliver import control
from publisher.deliver.certificate import certificate_of
from publisher.deliver.feedback.events import Raw
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.mailing import Mailing, read_mailing
from publisher.deliver.proving import Evidence, note_evidence
from publisher.deliver.resolving import Resolved, resend_uncertain, resolve_uncertain
from publisher.deliver.sender import Uncertain
from publisher.deliver.standing import Counts
from publisher.storage.schema import audit, chunks, parcels
from tests.deliver.world import START, Clock, Scripted, planned, run, subscribe


@pytest.fixture
def mailing(engine: Engine) -> Mailing:
    """Thirty readers in three chunks."""
    subscribe(engine, 30)
    return planned(engine)


def provider(**given: object) -> Scripted:
    """One that tells of its mails afterwards; it gives no answer to the first request."""
    doubt = [Uncertain(reason="no answer")]
    return Scripted(events=True, script=doubt, **given)  # type: ignore[arg-type]  # names are checked when called


def heard(engine: Engine, mailing: Mailing, *places: tuple[int, int], after: float = 0) -> None:
    """Let events of chunk and attempt come in, minutes after the start."""
    moment = START + timedelta(minutes=after)
    with engine.begin() as connection:
        found = [Evidence(mailing_id=mailing.id, n=n, attempt=a) for n, a in places]
        note_evidence(connection, found, source="event", now=moment)


def resolve(engine: Engine, mailing: Mailing, sender: Scripted, after: float) -> Resolved:
    now = START + timedelta(minutes=after)
    return resolve_uncertain(engine, mailing, sender, now=now)


def in_doubt(engine: Engine, mailing: Mailing, **given: object) -> Scripted:
    """Send all, and be left in doubt about the first ten."""
    sender = provider(**given)
    assert run(engine, mailing, sender).counts == Counts(accepted=20, uncertain=10)
    return sender


def test_one_event_of_any_reader_proves_the_whole_chunk(engine: Engine, mailing: Mailing) -> None:
    sender = in_doubt(engine, mailing)
    heard(engine, mailing, (1, 1), after=2)
    assert resolve(engine, mailing, sender, 2).proved == 10
    assert certificate_of(engine, mailing).accepted == 30


def test_an_event_that_overtook_the_lost_answer_is_not_forgotten(
    engine: Engine, mailing: Mailing
) -> None:
    sender = provider()
    sender.before = lambda: heard(engine, mailing, (1, 1))
    assert run(engine, mailing, sender).counts == Counts(accepted=30)


def test_an_event_of_an_earlier_attempt_ends_the_doubt_of_the_next(
    engine: Engine, mailing: Mailing
) -> None:
    sender = in_doubt(engine, mailing)
    resend_uncertain(engine, mailing, sender, who="amel", now=START + timedelta(minutes=20))
    sender.script = [Uncertain(reason="no answer again")]
    report = run(engine, mailing, sender, Clock(START + timedelta(minutes=21)))
    assert report.counts == Counts(accepted=20, uncertain=10)
    heard(engine, mailing, (1, 1), after=22)
    assert resolve(engine, mailing, sender, 60).proved == 10


def test_an_event_that_comes_before_the_next_attempt_makes_it_needless(
    engine: Engine, mailing: Mailing
) -> None:
    sender = in_doubt(engine, mailing)
    resend_uncertain(engine, mailing, sender, who="amel", now=START + timedelta(minutes=20))
    heard(engine, mailing, (1, 1), after=21)
    report = run(engine, mailing, sender, Clock(START + timedelta(minutes=22)))
    assert report.counts == Counts(accepted=30)
    assert len(sender.references) == 3


def test_records_are_asked_only_when_they_can_know(engine: Engine, mailing: Mailing) -> None:
    sender = in_doubt(engine, mailing, lag=timedelta(minutes=10))
    sender.records = {"reader3@example.org": "sg1"}
    assert resolve(engine, mailing, sender, 9).proved == 0
    assert resolve(engine, mailing, sender, 11).proved == 10


def test_records_that_know_nothing_are_asked_again_every_ten_minutes(
    engine: Engine, mailing: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = in_doubt(engine, mailing, lag=timedelta(minutes=10))
    asked: list[float] = []
    minute = 0.0
    monkeypatch.setattr(sender, "find", lambda *_: asked.append(minute))
    for minute in (11, 12, 15, 20.9, 21.1, 25, 31.2):
        resolve(engine, mailing, sender, minute)
    assert asked == [11, 21.1, 31.2]


def test_silence_of_one_chunk_among_chunks_that_are_heard_of_sends_it_again(
    engine: Engine, mailing: Mailing
) -> None:
    sender = in_doubt(engine, mailing)
    heard(engine, mailing, (2, 1), (3, 1), after=2)
    heard(engine, mailing, (2, 1), after=25)
    assert resolve(engine, mailing, sender, 29) == Resolved(left=10)
    assert resolve(engine, mailing, sender, 31) == Resolved(resent=10)
    assert run(engine, mailing, sender, Clock(START + timedelta(hours=1))).counts == Counts(
        accepted=30
    )
    assert len(set(sender.mailed)) == len(sender.mailed) == 30
    with engine.connect() as connection:
        (line,) = connection.execute(select(audit).where(audit.c.act.startswith("resend"))).all()
    assert (line.who, line.details["attempt"], len(line.details["readers"])) == ("publisher", 2, 10)


@pytest.mark.parametrize(
    ("places", "last"),
    [
        ((), 25),  # no events at all reach us
        (((2, 1),), 25),  # another accepted chunk is as silent: the webhook has a gap
        (((2, 1), (3, 1)), 10),  # events stopped coming before this chunk's were due
    ],
)
def test_silence_proves_nothing_where_events_do_not_flow(
    engine: Engine, mailing: Mailing, places: tuple[tuple[int, int], ...], last: float
) -> None:
    sender = in_doubt(engine, mailing)
    heard(engine, mailing, *places, after=2)
    heard(engine, mailing, *places[:1], after=last)
    assert resolve(engine, mailing, sender, 45) == Resolved(left=10, stuck=10)
    assert certificate_of(engine, mailing).uncertain == 10


def test_a_mailing_of_one_chunk_has_no_canary(engine: Engine) -> None:
    subscribe(engine, 5)
    mailing = planned(engine)
    sender = provider()
    run(engine, mailing, sender)
    assert resolve(engine, mailing, sender, 60) == Resolved(left=5, stuck=5)


def test_a_sender_that_tells_nothing_afterwards_leaves_the_decision_to_a_person(
    engine: Engine, mailing: Mailing
) -> None:
    sender = provider()
    sender.events = False
    run(engine, mailing, sender)
    assert resolve(engine, mailing, sender, 1) == Resolved(left=10, stuck=10)


def test_nothing_is_sent_again_of_a_cancelled_mailing(engine: Engine, mailing: Mailing) -> None:
    sender = provider()
    calls: list[str] = []

    def cancel_at_the_third() -> None:
        calls.append("")
        if len(calls) == 3:
            control.cancel(engine, mailing, who="amina", reason="wrong", now=START)

    sender.before = cancel_at_the_third
    run(engine, mailing, sender)
    heard(engine, mailing, (2, 1), (3, 1), after=25)
    assert resolve(engine, mailing, sender, 60) == Resolved(left=10, stuck=10)
    heard(engine, mailing, (1, 1), after=61)
    assert resolve(engine, mailing, sender, 61).proved == 10


def test_a_mailing_that_was_done_goes_on_when_a_chunk_is_planned_again(
    engine: Engine, mailing: Mailing
) -> None:
    sender = in_doubt(engine, mailing)
    heard(engine, mailing, (2, 1), (3, 1), after=25)
    resolve(engine, mailing, sender, 31)
    with engine.connect() as connection:
        assert read_mailing(connection, mailing.id).state == "sending"


def test_silence_proves_nothing_while_events_wait_to_be_looked_into(
    engine: Engine, mailing: Mailing
) -> None:
    sender = in_doubt(engine, mailing)
    heard(engine, mailing, (2, 1), (3, 1), after=2)
    heard(engine, mailing, (2, 1), after=25)
    came = Raw(at=0, id="1", text="{}")
    keep(engine, [came], now=START + timedelta(minutes=26))
    assert resolve(engine, mailing, sender, 31) == Resolved(left=10, stuck=10)
    with engine.begin() as connection:
        connection.execute(update(parcels).values(interpreted=START))
    assert resolve(engine, mailing, sender, 42) == Resolved(resent=10)


def test_the_record_of_another_chunk_proves_nothing(engine: Engine, mailing: Mailing) -> None:
    sender = in_doubt(engine, mailing)
    with engine.begin() as connection:
        connection.execute(update(chunks).where(chunks.c.n == 2).values(provider_id="first"))
    sender.records = {"reader3@example.org": "first"}  # her first mail, which came back
    assert resolve(engine, mailing, sender, 11) == Resolved(left=10)
    sender.records = {"reader3@example.org": "second"}
    assert resolve(engine, mailing, sender, 22).proved == 10
