"""An issue is mailed again to whom it did not reach, and the events of both mails come in."""

import json
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from publisher.deliver.feedback.events import part
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.errors import DeliveryError
from publisher.pipeline.approving import approve
from publisher.pipeline.desk import Desk
from publisher.pipeline.hearing import hear
from publisher.pipeline.retrying import failures, retry
from publisher.pipeline.sending import send_issue
from publisher.pipeline.states import State
from publisher.pipeline.telling.proof import prove
from publisher.storage.schema import deliveries
from tests.pipeline.conftest import W47, mails
from tests.pipeline.test_making import rendered, state

LEA = "lea@example.org"


@pytest.fixture
def mailing(desk: Desk) -> Mailing:
    """The small issue, sent to three readers."""
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    send_issue(desk, W47)
    found = find_mailing(desk.engine, week=W47, list_name="readers")
    assert found
    return found


def tell(desk: Desk, mailing: Mailing, *told: dict[str, Any]) -> None:
    """Let SendGrid tell of one reader's mails, one parcel an event."""
    with desk.engine.connect() as connection:
        row = deliveries.c.email == LEA
        reader = connection.scalar(select(deliveries.c.subscriber_id).where(row))
    for event in told:
        whole = {
            "email": LEA,
            "timestamp": int(desk.clock().timestamp()),
            "publisher_mailing": mailing.token,
            "publisher_reader": str(reader),
            "sg_event_id": json.dumps(event),
            **event,
        }
        keep(desk.engine, part(json.dumps([whole]).encode()), now=desk.clock())
    hear(desk)


def of_attempt(number: int, event: str, **more: Any) -> dict[str, Any]:
    chunk = "1" if number == 1 else "2"
    return {
        "event": event,
        "publisher_chunk": chunk,
        "publisher_attempt": str(number),
        **more,
    }


BLOCKED = of_attempt(1, "bounce", type="blocked", reason="550 5.7.1 listed", status="5.7.1")


def test_the_second_mail_goes_to_that_reader_alone(desk: Desk, mailing: Mailing) -> None:
    tell(desk, mailing, BLOCKED)
    week, found = failures(desk)
    assert (week, [failed.email for failed in found]) == (W47, [LEA])
    assert retry(desk, W47, [failed.subscriber_id for failed in found]) == 1
    assert prove(desk).certificate.waiting == 1
    for file in (desk.publication.root / "outbox" / str(W47)).glob("*.eml"):
        file.unlink()
    done = send_issue(desk, W47)
    assert (done.accepted, done.waiting, done.doubled) == (3, 0, ())
    assert state(desk) is State.SENT
    assert mails(desk) == [LEA]


NEWS = (
    of_attempt(1, "processed"),
    {**BLOCKED, "reason": "550 5.7.1 listed, told again"},
    of_attempt(2, "processed"),
    of_attempt(2, "deferred", response="451 later", timestamp=1795240000),
    of_attempt(2, "delivered", timestamp=1795240100),
)


@pytest.mark.parametrize("order", list(permutations(range(len(NEWS))))[::17])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_the_order_of_events_the_second_mail_counts(
    desk: Desk, mailing: Mailing, order: tuple[int, ...]
) -> None:
    tell(desk, mailing, BLOCKED)
    _, found = failures(desk)
    retry(desk, W47, [failed.subscriber_id for failed in found])
    send_issue(desk, W47)
    tell(desk, mailing, *(NEWS[place] for place in order))
    proof = prove(desk)
    assert proof.figures.tally.delivered == 1
    assert proof.figures.tally.blocked == 0
    # events of both attempts are evidence, and yet nobody got it twice
    assert proof.certificate.doubled == ()
    assert failures(desk)[1] == []


def test_news_of_both_mails_is_kept_where_the_second_fails_too(
    desk: Desk, mailing: Mailing
) -> None:
    tell(desk, mailing, BLOCKED)
    _, found = failures(desk)
    retry(desk, W47, [failed.subscriber_id for failed in found])
    send_issue(desk, W47)
    tell(desk, mailing, of_attempt(2, "bounce", type="blocked", reason="550 5.7.1 still listed"))
    ((failed,),) = (failures(desk)[1],)
    assert (failed.attempt, failed.reason) == (2, "550 5.7.1 still listed")


def test_whose_address_turns_out_dead_is_not_tried_again(desk: Desk, mailing: Mailing) -> None:
    dead = of_attempt(1, "bounce", type="bounce", reason="550 5.1.1 unknown", status="5.1.1")
    tell(desk, mailing, BLOCKED, dead)
    assert failures(desk)[1] == []


def test_who_complains_after_the_operator_looked_is_not_mailed(
    desk: Desk, mailing: Mailing
) -> None:
    tell(desk, mailing, BLOCKED)
    _, found = failures(desk)
    tell(desk, mailing, of_attempt(1, "spamreport"))
    assert retry(desk, W47, [failed.subscriber_id for failed in found]) == 0


def test_a_retry_of_a_paused_issue_says_what_to_do(desk: Desk, mailing: Mailing) -> None:
    tell(desk, mailing, BLOCKED)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE mailings SET state = 'paused'")
    with pytest.raises(DeliveryError, match="publisher resume"):
        retry(desk, W47, [1])
