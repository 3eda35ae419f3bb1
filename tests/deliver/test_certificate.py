"""The certificate: its sum, its names, what it knows of doubles and doubts."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, update

from publisher.deliver.certificate import Certificate, certificate_of
from publisher.deliver.control import cancel
from publisher.deliver.mailing import Mailing, freeze, note, plan
from publisher.deliver.proving import Evidence, note_evidence
from publisher.deliver.resolving import resend_uncertain
from publisher.deliver.sender import Accepted, Outcome, Refused, Retry, Stop, Uncertain
from publisher.errors import DeliveryError
from publisher.storage.schema import chunks, subscribers
from tests.deliver.invented import sent
from tests.deliver.world import START, Clock, Scripted, issue_mail, planned, run, subscribe

_weeks = itertools.count(1)
LOST = Uncertain(reason="no answer within 10 s")
_OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(
    [Accepted(provider_id="id"), Refused(reason="550 no"), LOST, Stop(reason="401 wrong key")]
)


def emails(numbers: range) -> list[str]:
    return [f"reader{number}@example.org" for number in numbers]


def total(found: Certificate) -> int:
    return (
        found.accepted
        + found.suppressed
        + found.refused
        + found.uncertain
        + found.cancelled
        + found.waiting
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    readers=st.integers(1, 30),
    batch=st.integers(1, 12),
    script=st.lists(_OUTCOMES, max_size=8),
    blocked=st.sets(st.integers(1, 30), max_size=5),
    singly=st.booleans(),
    cancelled=st.booleans(),
)
def test_its_sum_always_holds_and_everybody_who_was_not_accepted_is_named(
    engine: Engine,
    readers: int,
    batch: int,
    script: list[Outcome],
    blocked: set[int],
    singly: bool,
    cancelled: bool,
) -> None:
    name = f"list {next(_weeks)}"
    ids = subscribe(engine, readers, list_name=name)
    mailing = freeze(engine, week="2026-W47", list_name=name, message=issue_mail(), now=START)
    plan(engine, mailing, batch=batch, now=START)
    barred = [ids[number - 1] for number in blocked if number <= readers]
    with engine.begin() as connection:
        connection.execute(
            update(subscribers).where(subscribers.c.id.in_(barred)).values(status="blocked")
        )
    sender = Scripted(batch=batch, doubt=1 if singly else batch, singly=singly, script=script)
    report = run(engine, mailing, sender)
    if cancelled and report.state == "stopped":
        cancel(engine, mailing, who="ada", reason="enough", now=START)
    found = certificate_of(engine, mailing)
    assert total(found) == found.intended == readers
    assert len(found.unserved) == found.intended - found.accepted
    assert found.accepted <= len(set(sender.mailed))
    with engine.begin() as connection:
        connection.execute(
            update(subscribers).where(subscribers.c.id.in_(barred)).values(status="enabled")
        )


def test_names_beyond_a_limit_are_counted(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 26)), script=[Stop(reason="401 wrong key")])
    found = certificate_of(engine, mailing, named=3)
    assert [reader.email for reader in found.unserved] == emails(range(1, 4))
    assert found.unnamed == 22
    assert found.sentence == "2026-W47 to readers: 0 of 25 accepted, 25 waiting"


def test_a_cancelled_mailing_says_who_was_spared(engine: Engine) -> None:
    script: list[Outcome] = [Accepted(), Stop(reason="401 wrong key")]
    mailing = sent(engine, emails(range(1, 21)), script=script)
    cancel(engine, mailing, who="ada", reason="the cover is wrong", now=START)
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.cancelled, found.waiting) == (10, 10, 0)
    assert {reader.state for reader in found.unserved} == {"cancelled"}
    assert "10 cancelled" in found.sentence


def test_books_that_do_not_agree_are_an_error_and_no_certificate(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 21)))
    with engine.begin() as connection:
        connection.execute(delete(chunks).where(chunks.c.n == 2))
    with pytest.raises(DeliveryError, match="accounts for 10 of 20 readers: the database is"):
        certificate_of(engine, mailing)


def prove(engine: Engine, mailing: Mailing, n: int, attempt: int, source: str = "event") -> None:
    with engine.begin() as connection:
        found = Evidence(mailing_id=mailing.id, n=n, attempt=attempt)
        note_evidence(connection, [found], source=source, now=START)


def resent(engine: Engine) -> Mailing:
    """Two chunks; the first was in doubt and is mailed again by an operator."""
    mailing = sent(engine, emails(range(1, 21)), script=[LOST])
    sender = Scripted()
    resend_uncertain(engine, mailing, sender, who="ada", now=START + timedelta(hours=1))
    run(engine, mailing, sender, Clock(START + timedelta(hours=1)))
    return mailing


def test_evidence_for_an_attempt_that_was_repeated_names_who_may_have_it_twice(
    engine: Engine,
) -> None:
    mailing = resent(engine)
    assert certificate_of(engine, mailing).doubled == ()
    prove(engine, mailing, 1, 1)
    prove(engine, mailing, 1, 2)
    prove(engine, mailing, 2, 1)
    found = certificate_of(engine, mailing).doubled
    assert [reader.email for reader in found] == emails(range(1, 11))
    assert {reader.why for reader in found} == {
        "attempt 1 was accepted, and attempt 2 had been made"
    }


def test_readers_who_went_on_in_other_chunks_are_found_by_the_record(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 11)), script=[LOST])
    sender = Scripted(script=[Refused(reason="400 bad address")])
    resend_uncertain(engine, mailing, sender, who="ada", now=START)
    run(engine, mailing, sender)
    prove(engine, mailing, 1, 1)
    found = certificate_of(engine, mailing)
    assert found.accepted == 10
    assert [reader.email for reader in found.doubled] == emails(range(1, 11))


def test_an_attempt_after_which_nothing_was_mailed_doubles_nobody(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 11)), script=[LOST])
    sender = Scripted(script=[Stop(reason="401 wrong key")])
    resend_uncertain(engine, mailing, sender, who="ada", now=START)
    run(engine, mailing, sender)
    prove(engine, mailing, 1, 1)
    found = certificate_of(engine, mailing)
    assert found.waiting == 10
    assert found.doubled == ()


def test_an_attempt_that_ended_before_anything_left_doubles_nobody(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 11)), script=[LOST])
    sender = Scripted(script=[Retry(reason="429 too many")])
    # the event comes in while the second attempt is turned away
    sender.before = lambda: prove(engine, mailing, 1, 1)
    resend_uncertain(engine, mailing, sender, who="ada", now=START)
    run(engine, mailing, sender)
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.doubled, sender.mailed) == (10, (), [])


def test_an_answer_that_came_too_late_is_an_incident(engine: Engine) -> None:
    mailing = resent(engine)
    with engine.begin() as connection:
        note(
            connection,
            mailing,
            who="frozen worker",
            act="late answer",
            now=START,
            chunk=1,
            attempt=1,
            readers=[1, 2],
        )
    found = certificate_of(engine, mailing).doubled
    assert [reader.subscriber_id for reader in found] == [1, 2]
    assert "others had gone beyond it" in found[0].why


def test_it_says_when_and_by_whom_each_doubt_was_settled(engine: Engine) -> None:
    mailing = sent(engine, emails(range(1, 21)), script=[LOST, LOST])
    prove(engine, mailing, 2, 1)
    sender = Scripted()
    at = START + timedelta(hours=2)
    resend_uncertain(engine, mailing, sender, who="ada", now=at)
    run(engine, mailing, sender, Clock(at))
    by_proof, by_word = sorted(
        certificate_of(engine, mailing).settlements, key=lambda one: -one.chunk
    )
    assert (by_proof.how, by_proof.evidence, by_proof.who) == ("mailed", "event", "publisher")
    assert by_proof.readers == 10
    assert (by_word.how, by_word.evidence, by_word.who) == ("sent again", "word", "ada")
    assert (by_word.chunk, by_word.attempt, by_word.readers, by_word.at) == (1, 1, 10, at)


def test_a_mailing_that_is_only_planned_has_everybody_waiting(engine: Engine) -> None:
    subscribe(engine, 12)
    found = certificate_of(engine, planned(engine))
    assert (found.intended, found.waiting, found.complete) == (12, 12, False)
