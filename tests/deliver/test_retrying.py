"""Readers whom a mail did not reach are mailed once more, and nobody else."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, update

from publisher.deliver.certificate import certificate_of
from publisher.deliver.control import cancel, pause
from publisher.deliver.feedback.events import Kind
from publisher.deliver.figures import figures_of
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.deliver.retrying import Cause, cause_of, failed_readers, plan_again
from publisher.deliver.sender import Accepted, Outcome, Refused, Stop, Uncertain
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.schema import (
    audit,
    chunks,
    deliveries,
    receipts,
    subscribers,
    subscriptions,
)
from publisher.storage.suppressions import email_hash, suppress
from tests.deliver.invented import Heard, hear, sent
from tests.deliver.world import START, Clock, Scripted, run

PEOPLE = [f"reader{n}@example.org" for n in range(6)] + ["oda@outlook.com", "hal@hotmail.com"]
FULL = "552 5.2.2 mailbox full"
BLOCKED = Heard(Kind.BLOCKED, 0.1, "550 5.7.1 blocked by policy")


def accepted(engine: Engine, emails: list[str] | None = None) -> Mailing:
    return sent(engine, emails or PEOPLE, batch=4)


def again(
    engine: Engine, mailing: Mailing, *, batch: int = 10, provider: str = ""
) -> Callable[[Scripted], Scripted]:
    """Plan the retry and return what sends it."""
    chosen = [f.subscriber_id for f in failed_readers(engine, mailing, provider=provider)]
    plan_again(engine, mailing, chosen, batch=batch, who="ada", now=START)

    def go(sender: Scripted) -> Scripted:
        run(engine, mailing, sender, Clock(START))
        return sender

    return go


@pytest.mark.parametrize(
    ("state", "receipt", "reason", "cause"),
    [
        ("refused", "", "550 no", Cause.REFUSED),
        ("refused", "delivered", "", None),
        ("accepted", "blocked", "550 5.7.1 policy", Cause.BLOCKED),
        ("accepted", "bounced", FULL, Cause.BOUNCED),
        ("accepted", "bounced", "550 5.1.1 no such user", None),
        ("accepted", "dropped", "Recipient List over Package Quota", Cause.DROPPED),
        ("accepted", "dropped", "Bounced Address", None),
        ("accepted", "dropped", "Spam Reporting Address", None),
        ("accepted", "delivered", "", None),
        ("accepted", "deferred", "451 later", None),
        ("accepted", "", "", None),
        ("uncertain", "", "no answer", None),
        ("uncertain", "blocked", "", None),
        ("suppressed", "bounced", FULL, None),
        ("cancelled", "", "", None),
        ("waiting", "", "", None),
    ],
)
def test_who_may_be_mailed_again(
    state: str, receipt: str, reason: str, cause: Cause | None
) -> None:
    assert cause_of(state, receipt, reason) is cause


def test_readers_are_mailed_again_and_their_second_mail_is_what_counts(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, {PEOPLE[0]: BLOCKED, PEOPLE[5]: Heard(Kind.BOUNCED, 1, FULL)})
    hear(engine, mailing, {PEOPLE[1]: Heard(Kind.DELIVERED, 0.1)})
    sender = again(engine, mailing)(Scripted())
    assert sender.mailed == [PEOPLE[0], PEOPLE[5]]
    (reference,) = sender.references
    assert (reference.chunk, reference.attempt) == (3, 2)
    found = certificate_of(engine, mailing)
    assert (found.intended, found.accepted, found.state) == (8, 8, "done")
    # late and doubled news of the first mail, then news of the second
    hear(engine, mailing, {PEOPLE[0]: Heard(Kind.BOUNCED, 5, "550 5.1.1 first mail")})
    hear(engine, mailing, {PEOPLE[0]: Heard(Kind.DELIVERED, 2, attempt=2)})
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    with reading(engine) as connection:
        tally = figures_of(connection, mailing.id).tally
        sizes = connection.execute(select(chunks.c.n, chunks.c.size).order_by(chunks.c.n)).all()
    assert (tally.delivered, tally.blocked, tally.bounced, tally.unheard) == (2, 0, 0, 6)
    assert [tuple(row) for row in sizes] == [(1, 3), (2, 3), (3, 2)]
    assert found.doubled == ()
    assert failed_readers(engine, mailing) == []


def test_between_plan_and_sending_late_news_change_nothing(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    go = again(engine, mailing)
    with reading(engine) as connection:
        assert figures_of(connection, mailing.id).heard == 0
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    hear(engine, mailing, {PEOPLE[0]: Heard(opened=3)})
    with reading(engine) as connection:
        row = connection.execute(select(receipts)).one()
    assert (row.state, row.rank, row.attempt) == ("", 0, 2)
    assert row.opened is not None
    go(Scripted())
    hear(engine, mailing, {PEOPLE[0]: Heard(Kind.DEFERRED, 1, attempt=2)})
    with engine.connect() as connection:
        assert connection.scalar(select(receipts.c.state)) == "deferred"


def test_the_refused_go_apart_from_those_who_were_accepted(engine: Engine) -> None:
    script: list[Outcome] = [
        Refused(reason="400 bad", guilty=frozenset({1})),
        *([Accepted()] * 20),
    ]
    mailing = sent(engine, PEOPLE, batch=4, script=script)
    assert certificate_of(engine, mailing).refused == 1
    hear(engine, mailing, {PEOPLE[5]: BLOCKED})
    sender = again(engine, mailing)(Scripted())
    assert sorted(sender.requests) == [[PEOPLE[0]], [PEOPLE[5]]]
    found = certificate_of(engine, mailing)
    assert (found.accepted, found.refused) == (8, 0)


def test_who_is_refused_again_stays_refused_and_may_be_retried_again(engine: Engine) -> None:
    mailing = sent(engine, PEOPLE[:1], batch=1, script=[Refused(reason="400 bad")])
    again(engine, mailing)(Scripted(script=[Refused(reason="400 still bad")]))
    (reader,) = certificate_of(engine, mailing).unserved
    assert (reader.state, reader.reason) == ("refused", "400 still bad")
    (failed,) = failed_readers(engine, mailing)
    assert failed.attempt == 2
    with engine.connect() as connection:
        assert list(connection.scalars(select(chunks.c.state).order_by(chunks.c.n))) == [
            *("split", "refused"),
        ]


def test_readers_who_have_it_or_do_not_want_it_are_left_alone(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(
        engine,
        mailing,
        {
            PEOPLE[0]: Heard(Kind.BLOCKED, 1, opened=2),
            PEOPLE[1]: Heard(Kind.BLOCKED, 1, by_machine=2),
            PEOPLE[2]: Heard(Kind.BLOCKED, 1, clicked={"rivers": 2}),
            PEOPLE[3]: Heard(Kind.BLOCKED, 1, complained=True),
            PEOPLE[4]: Heard(Kind.BLOCKED, 1, unsubscribed=True),
            PEOPLE[5]: Heard(Kind.DELIVERED, 1),
        },
    )
    hear(engine, mailing, {PEOPLE[5]: Heard(Kind.BOUNCED, 2, FULL)})
    assert failed_readers(engine, mailing) == []


def test_readers_who_left_or_died_since_are_left_alone(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, dict.fromkeys(PEOPLE[:5], BLOCKED))
    with engine.begin() as connection:
        suppress(connection, email_hash(PEOPLE[0]), "*", "bounced", START)
        suppress(connection, email_hash(PEOPLE[1]), "readers", "complained", START)
        connection.execute(
            update(subscribers).where(subscribers.c.email == PEOPLE[2]).values(status="blocked")
        )
        left = connection.scalar(select(subscribers.c.id).where(subscribers.c.email == PEOPLE[3]))
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.subscriber_id == left)
            .values(status="unsubscribed")
        )
    assert [failed.email for failed in failed_readers(engine, mailing)] == [PEOPLE[4]]


def test_the_uncertain_wait_for_evidence(engine: Engine) -> None:
    mailing = sent(engine, PEOPLE[:4], batch=4, script=[Uncertain(reason="no answer")])
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    assert failed_readers(engine, mailing) == []


def test_one_provider_can_be_retried_alone(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, dict.fromkeys(PEOPLE, BLOCKED))
    assert [f.email for f in failed_readers(engine, mailing, provider="outlook")] == PEOPLE[6:]
    assert [f.email for f in failed_readers(engine, mailing, provider="HOTMAIL.com")] == PEOPLE[7:]
    sender = again(engine, mailing, provider="Outlook")(Scripted())
    assert sender.mailed == PEOPLE[6:]


def test_who_has_been_delivered_since_the_operator_looked_is_not_mailed(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, {PEOPLE[0]: BLOCKED, PEOPLE[1]: BLOCKED})
    chosen = [failed.subscriber_id for failed in failed_readers(engine, mailing)]
    hear(engine, mailing, {PEOPLE[0]: Heard(opened=1)})
    assert plan_again(engine, mailing, chosen, batch=10, who="ada", now=START) == 1


def test_asked_twice_it_mails_once(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    chosen = [failed.subscriber_id for failed in failed_readers(engine, mailing)]
    assert plan_again(engine, mailing, chosen, batch=10, who="ada", now=START) == 1
    assert plan_again(engine, mailing, chosen, batch=10, who="bob", now=START) == 0


def test_chunks_are_no_larger_than_the_sender_takes(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, dict.fromkeys(PEOPLE[:5], BLOCKED))
    sender = again(engine, mailing, batch=2)(Scripted(batch=2, doubt=2))
    assert [len(request) for request in sender.requests] == [1, 2, 2]
    with engine.connect() as connection:
        rows = connection.execute(select(deliveries.c.subscriber_id)).all()
        sizes = sum(connection.scalars(select(chunks.c.size)))
    assert len(rows) == sizes == len(PEOPLE)


def test_it_is_written_down_who_asked_for_it(engine: Engine) -> None:
    mailing = accepted(engine)
    hear(engine, mailing, {PEOPLE[0]: BLOCKED})
    again(engine, mailing)
    with engine.connect() as connection:
        row = connection.execute(select(audit).where(audit.c.act == "retry failed")).one()
    assert (row.who, row.details["attempt"], row.details["causes"]) == ("ada", 2, ["blocked"])
    assert len(row.details["readers"]) == 1


def test_of_a_cancelled_or_paused_mailing_nobody_is_mailed_again(engine: Engine) -> None:
    stop: list[Outcome] = [Refused(reason="400 bad"), Stop(reason="401 wrong key")]
    mailing = sent(engine, PEOPLE[:2], batch=1, script=stop)
    pause(engine, mailing, who="ada", reason="lunch", now=START)
    with pytest.raises(DeliveryError, match="is paused: let it go on with `publisher resume"):
        plan_again(engine, mailing, [1], batch=10, who="ada", now=START)
    cancel(engine, mailing, who="ada", reason="enough", now=START)
    with pytest.raises(DeliveryError, match="cancelled for good"):
        plan_again(engine, mailing, [1], batch=10, who="ada", now=START)
    current = find_mailing(engine, week=mailing.week, list_name="readers")
    assert current
    assert current.state == "cancelled"
