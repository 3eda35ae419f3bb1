"""The forms of a mailing: every reader gets the issue as she has chosen."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, select, update

from publisher.deliver.forms import in_form, message_in_form
from publisher.deliver.mailing import (
    Mailing,
    find_mailing,
    freeze,
    leave_attachments,
    load_message,
    plan,
)
from publisher.deliver.sender import Form, TooLarge
from publisher.storage.engine import open_url, reading
from publisher.storage.schema import chunks, deliveries, mailings, subscriptions
from tests.deliver.world import (
    PDF,
    START,
    Scripted,
    issue_mail,
    planned,
    run,
    subscribe,
)

CHOICES = ["", *Form]


def choose(engine: Engine, choices: dict[int, str]) -> None:
    """Let readers choose how they want the issue."""
    with engine.begin() as connection:
        for chosen in set(choices.values()):
            ids = [id for id, choice in choices.items() if choice == chosen]
            connection.execute(
                update(subscriptions)
                .where(subscriptions.c.subscriber_id.in_(ids))
                .values(pdf=chosen)
            )


def forms_of(engine: Engine) -> list[tuple[int, int, str]]:
    """Return reader, chunk and form, as planned."""
    with reading(engine) as connection:
        return [
            tuple(row)
            for row in connection.execute(
                select(deliveries.c.subscriber_id, chunks.c.n, chunks.c.form)
                .join_from(
                    deliveries,
                    chunks,
                    (chunks.c.mailing_id == deliveries.c.mailing_id)
                    & (chunks.c.n == deliveries.c.n),
                )
                .order_by(deliveries.c.subscriber_id)
            )
        ]


def sizes(engine: Engine) -> dict[str, list[int]]:
    """Return the sizes of the chunks of each form, as planned."""
    found: dict[str, list[int]] = {}
    with reading(engine) as connection:
        rows = connection.execute(select(chunks.c.form, chunks.c.size).order_by(chunks.c.n))
        for form, size in rows:
            found.setdefault(form, []).append(size)
    return found


# ---- planning --------------------------------------------------------------------


@given(
    choices=st.lists(st.sampled_from(CHOICES), max_size=60),
    late=st.lists(st.sampled_from(CHOICES), max_size=15),
    standard=st.sampled_from(Form),
    batch=st.integers(1, 12),
    slice_of=st.integers(1, 25),
)
@settings(max_examples=60)
def test_every_reader_is_in_one_chunk_of_her_own_form(
    choices: list[str], late: list[str], standard: Form, batch: int, slice_of: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("publisher.deliver.mailing._SLICE", slice_of)
        engine = open_url(URL.create("sqlite", database=str(Path(folder) / "publisher.db")))
        wanted: dict[int, str] = {}
        mailing: Mailing | None = None
        for chosen, first in ((choices, 1), (late, 1000)):  # the second come after the planning
            new = dict(zip(subscribe(engine, len(chosen), first=first), chosen, strict=True))
            choose(engine, new)
            wanted |= new
            mailing = planned(engine, batch=batch, form=standard)
        assert mailing is not None
        assert plan(engine, mailing, batch=batch, now=START) == 0
        found = forms_of(engine)
        assert [(id, form) for id, _, form in found] == [
            (id, choice or standard) for id, choice in sorted(wanted.items())
        ]
        members = Counter(n for _, n, _ in found)
        with reading(engine) as connection:
            rows = connection.execute(select(chunks.c.n, chunks.c.size))
            planned_sizes = {row.n: row.size for row in rows}
        assert planned_sizes == members
        assert max(members.values(), default=0) <= batch
        engine.dispose()


def test_a_rare_form_fills_its_chunks_across_slices(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.deliver.mailing._SLICE", 20)
    ids = subscribe(engine, 100)
    choose(engine, dict.fromkeys(ids[::10], "text"))  # two in every slice
    planned(engine, batch=10)
    assert sizes(engine) == {"link": [10] * 9, "text": [10]}


def test_who_waits_for_a_full_chunk_and_leaves_meanwhile_is_not_planned(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two slices another process may plan a reader, or she may unsubscribe."""
    monkeypatch.setattr("publisher.deliver.mailing._SLICE", 10)
    ids = subscribe(engine, 25)
    choose(engine, {ids[0]: "text", ids[1]: "text"})
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=issue_mail(), now=START)
    original = plan_between(engine, ids[0], monkeypatch)
    assert plan(engine, mailing, batch=8, now=START) == 24
    assert original == [ids[0]]
    assert ids[0] not in {id for id, _, _ in forms_of(engine)}
    assert sizes(engine)["text"] == [1]


def plan_between(engine: Engine, reader: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Unsubscribe a reader after the first slice; the list tells when it has happened."""
    from publisher.deliver import mailing as module  # its own function is wrapped below

    done: list[int] = []
    real = module._left_readers

    def look(connection: object, *arguments: object) -> object:
        if arguments[2] and not done:
            done.append(reader)
            connection.execute(  # type: ignore[attr-defined]  # it is a connection
                update(subscriptions)
                .where(subscriptions.c.subscriber_id == reader)
                .values(status="unsubscribed")
            )
        return real(connection, *arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(module, "_left_readers", look)
    return done


def test_a_choice_made_after_planning_holds_from_the_next_issue(engine: Engine) -> None:
    (reader,) = subscribe(engine, 1)
    mailing = planned(engine)
    choose(engine, {reader: "text"})
    sender = Scripted()
    run(engine, mailing, sender)
    assert [bool(m.html) for m in sender.messages] == [True]
    later = freeze(engine, week="2026-W48", list_name="readers", message=issue_mail(), now=START)
    plan(engine, later, batch=10, now=START)
    run(engine, later, sender)
    assert [bool(m.html) for m in sender.messages] == [True, False]


def test_what_stands_in_the_database_and_is_no_form_counts_as_none(engine: Engine) -> None:
    (reader,) = subscribe(engine, 1)
    choose(engine, {reader: "none"})
    planned(engine, form=Form.ATTACH)
    assert [form for _, _, form in forms_of(engine)] == ["attach"]


# ---- the frozen mail -------------------------------------------------------------


def test_each_form_is_the_same_issue() -> None:
    message = issue_mail(attachments=(PDF,), pictures={"https://sirocco.example/c.jpg": b"jpeg"})
    assert in_form(message, Form.ATTACH) == message
    assert in_form(message, Form.LINK) == replace(message, attachments=())
    text = in_form(message, Form.TEXT)
    assert (text.html, text.attachments, text.pictures) == ("", (), {})
    assert (text.text, text.subject, text.list_id) == (
        message.text,
        message.subject,
        message.list_id,
    )


def test_a_frozen_mail_comes_in_every_form(engine: Engine) -> None:
    message = issue_mail(attachments=(PDF,))
    mailing = freeze(engine, week="2026-W47", list_name="readers", message=message, now=START)
    for form in Form:
        assert message_in_form(engine, mailing, form) == in_form(message, form)


def test_a_mail_frozen_before_there_were_forms_goes_on_as_it_began(engine: Engine) -> None:
    subscribe(engine, 1)
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)), form=Form.LINK)
    old = {name: value for name, value in mailing.artefacts.items() if name != "form"}
    with engine.begin() as connection:
        connection.execute(
            update(mailings).where(mailings.c.id == mailing.id).values(artefacts=old)
        )
    found = find_mailing(engine, week="2026-W47", list_name="readers")
    assert found is not None
    assert message_in_form(engine, found, Form.LINK).attachments == (PDF,)


def test_readers_of_each_form_get_it_through_the_ledger(engine: Engine) -> None:
    ids = subscribe(engine, 9)
    choose(engine, {ids[0]: "attach", ids[1]: "text", ids[2]: "link", ids[3]: "attach"})
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)), form=Form.LINK)
    sender = Scripted()
    report = run(engine, mailing, sender)
    assert report.counts.accepted == 9
    got = {
        number_of(email): (len(message.attachments), bool(message.html))
        for emails, message in zip(sender.requests, sender.messages, strict=True)
        for email in emails
    }
    assert got == {
        n: (1, True) if n in (1, 4) else (0, False) if n == 2 else (0, True) for n in range(1, 10)
    }


def number_of(email: str) -> int:
    return int(email.removeprefix("reader").partition("@")[0])


def test_too_large_takes_the_attachment_off_and_leaves_the_other_forms_alone(
    engine: Engine,
) -> None:
    ids = subscribe(engine, 30)
    choose(engine, {id: "attach" if id <= 20 else "text" for id in ids})
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)), form=Form.LINK)
    sender = Scripted(script=[TooLarge(reason="413")])
    report = run(engine, mailing, sender)
    assert report.counts.accepted == 30
    kinds = [(len(m.attachments), bool(m.html)) for m in sender.messages]
    assert sorted(kinds) == [(0, False), (0, True), (0, True), (1, True)]
    assert load_message(engine, mailing).attachments == ()


def test_the_sender_limit_takes_the_attachment_off_before_anything_is_sent(
    engine: Engine,
) -> None:
    ids = subscribe(engine, 2)
    choose(engine, {ids[0]: "attach"})
    mailing = planned(engine, message=issue_mail(attachments=(PDF,)), form=Form.LINK)
    sender = Scripted(size_limit=500)
    assert run(engine, mailing, sender).counts.accepted == 2
    assert [len(m.attachments) for m in sender.messages] == [0, 0]


def test_without_its_attachment_a_mail_says_nothing_untrue(engine: Engine) -> None:
    mailing = freeze(
        engine,
        week="2026-W47",
        list_name="readers",
        message=issue_mail(attachments=(PDF,)),
        now=START,
    )
    leave_attachments(engine, mailing, why="413", who="worker", now=START)
    attached = message_in_form(engine, mailing, Form.ATTACH)
    assert attached == message_in_form(engine, mailing, Form.LINK)
