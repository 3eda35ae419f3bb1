"""Freezing and planning."""

import threading

import pytest
from sqlalchemy import Engine, func, select, update

from publisher.deliver.artefacts import get
from publisher.deliver.mailing import due, find_mailing, freeze, load_message, plan
from publisher.errors import DeliveryError
from publisher.storage.schema import artefacts, chunks, deliveries, subscribers, subscriptions
from publisher.storage.suppressions import email_hash, suppress
from tests.deliver.world import PDF, POSTAL, START, issue_mail, planned, subscribe


def test_a_frozen_mail_comes_back_whole(engine: Engine) -> None:
    message = issue_mail(
        attachments=(PDF,),
        pictures={"https://sirocco.example/cover.jpg": b"\xff\xd8jpeg"},
        headers={"X-Issue": "12"},
        subject="Été 水",
    )
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=message, now=START)
    assert load_message(engine, mailing) == message
    assert (mailing.state, mailing.created) == ("planned", START)


def test_a_later_edit_does_not_change_what_was_frozen(engine: Engine) -> None:
    first = freeze(engine, week="2026-W47", list_name="readers", message=issue_mail(), now=START)
    edited = issue_mail(subject="Another")
    second = freeze(engine, week="2026-W47", list_name="readers", message=edited, now=START)
    assert second == first == find_mailing(engine, week="2026-W47", list_name="readers")
    assert load_message(engine, second).subject == issue_mail().subject


def test_two_lists_share_what_is_the_same(engine: Engine) -> None:
    for name in ("readers", "staff"):
        freeze(engine, week="2026-W47", list_name=name, message=issue_mail(), now=START)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(artefacts)) == 2


def test_damage_in_the_database_is_found_before_it_is_mailed(engine: Engine) -> None:
    mailing = planned(engine)
    with engine.begin() as connection:
        connection.execute(update(artefacts).values(content=b"something else"))
    with pytest.raises(DeliveryError, match="is damaged in the database"):
        load_message(engine, mailing)
    with engine.begin() as connection:
        connection.execute(artefacts.delete())
    with pytest.raises(DeliveryError, match="is missing from the database"):
        load_message(engine, mailing)
    with engine.connect() as connection, pytest.raises(DeliveryError):
        get(connection, "0" * 64)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"html": POSTAL}, "HTML has no unsubscribe link"),
        ({"text": POSTAL}, "plain text has no unsubscribe link"),
        ({"text": "%%unsubscribe_url%%"}, "plain text lacks the postal address"),
    ],
)
def test_a_mail_without_what_the_law_wants_is_not_frozen(
    engine: Engine, change: dict[str, str], told: str
) -> None:
    with pytest.raises(DeliveryError, match=told):
        planned(engine, message=issue_mail(**change))


def test_a_postal_address_may_be_set_on_several_lines(engine: Engine) -> None:
    text = "Sirocco\n12 rue de la Kasbah\n1008 Tunis · Tunisia\n%%unsubscribe_url%%"
    html = "<p>Sirocco<br>12 rue de la&nbsp;Kasbah</p>1008 Tunis, Tunisia %%unsubscribe_url%%"
    planned(engine, message=issue_mail(text=text, html=html))


def test_only_active_readers_of_the_list_are_planned(engine: Engine) -> None:
    pending, gone, blocked, bounced, elsewhere, *_ = subscribe(engine, 10)
    subscribe(engine, 5, first=20, list_name="staff")
    with engine.begin() as connection:
        for reader, status in ((pending, "pending"), (gone, "unsubscribed")):
            connection.execute(
                update(subscriptions)
                .where(subscriptions.c.subscriber_id == reader)
                .values(status=status)
            )
        connection.execute(
            update(subscribers).where(subscribers.c.id == blocked).values(status="blocked")
        )
        suppress(connection, email_hash("reader4@example.org"), "*", "bounced", START)
        suppress(connection, email_hash("reader5@example.org"), "staff", "complained", START)
    assert due(engine, week="2026-W47", list_name="readers") == 6
    planned(engine)
    assert due(engine, week="2026-W47", list_name="readers") == 0
    with engine.connect() as connection:
        ids = list(connection.scalars(select(deliveries.c.subscriber_id).order_by("subscriber_id")))
    assert elsewhere in ids
    assert len(ids) == 6
    assert not {pending, gone, blocked, bounced} & set(ids)


def test_readers_fill_chunks_in_the_order_of_their_numbers(engine: Engine) -> None:
    ids = subscribe(engine, 25)
    planned(engine, batch=10)
    with engine.connect() as connection:
        rows = connection.execute(
            select(deliveries.c.n, deliveries.c.subscriber_id).order_by("subscriber_id")
        ).all()
        sizes = connection.execute(select(chunks.c.n, chunks.c.size).order_by("n")).all()
    assert [row.subscriber_id for row in rows] == ids
    assert [row.n for row in rows] == [1] * 10 + [2] * 10 + [3] * 5
    assert [tuple(size) for size in sizes] == [(1, 10), (2, 10), (3, 5)]


def test_planning_goes_slice_by_slice(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.deliver.mailing._SLICE", 7)
    subscribe(engine, 23)
    assert due(engine, week="2026-W47", list_name="readers") == 23
    planned(engine, batch=5)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(deliveries)) == 23
        assert connection.scalar(select(func.sum(chunks.c.size))) == 23


def test_two_who_plan_at_once_write_everybody_down_once(engine: Engine) -> None:
    subscribe(engine, 200)
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=issue_mail(), now=START)
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(plan(engine, mailing, batch=9, now=START)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 200
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(deliveries)) == 200
        assert connection.scalar(select(func.sum(chunks.c.size))) == 200
