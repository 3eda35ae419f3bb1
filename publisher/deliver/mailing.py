"""A mailing: what was approved, frozen, and the readers it is meant for, written down."""

import html
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, exists, func, literal, or_, select, update
from sqlalchemy.sql import Select

from publisher.deliver.artefacts import get, put
from publisher.deliver.sender import UNSUBSCRIBE_URL, Attachment, Form, Message
from publisher.deliver.states import State
from publisher.errors import DeliveryError
from publisher.storage.engine import reading
from publisher.storage.inserts import insert_new
from publisher.storage.schema import (
    audit,
    chunks,
    deliveries,
    lists,
    mailings,
    subscribers,
    subscriptions,
)
from publisher.storage.suppressions import email_hash, suppressed

_SLICE = 10_000  #: readers planned in one transaction, so that nobody waits long for it
_Reader = tuple[int, str]  # number, and the form she has chosen; empty for none
_FIELDS = (
    "subject",
    "from_address",
    "from_name",
    "reply_to",
    "postal",
    "list_id",
    "list_name",
    "week",
    "web_url",
    "archive_url",
)


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """One issue to one list; there is never a second one."""

    id: int
    token: str  #: random; names it in the provider's events
    week: str
    list: str
    state: str  #: planned, sending, paused, stopped, cancelled, done
    reason: str
    priority: int  #: a higher one goes first
    hold_until: datetime | None  #: no worker sends before
    heard: datetime | None  #: when an event of it last came in
    subject: str
    artefacts: Mapping[str, Any]
    created: datetime
    finished: datetime | None


def freeze(
    engine: Engine,
    *,
    week: object,
    list_name: str,
    message: Message,
    now: datetime,
    form: Form = Form.LINK,
    token: str = "",
) -> Mailing:
    """Freeze a mail for a list, or return what was frozen for this week and list before.

    A later edit of the issue changes nothing for the readers who are still to be mailed.
    `form` is for readers who have not chosen one. Give the message its attachment
    whatever it is, for a reader may ask for it until she is planned. `token` names the mailing in the provider's events; a random one is made if it is empty.
    Raises `DeliveryError` if the mail lacks what the law and the big mailbox providers ask.
    """
    _check(message)
    with engine.begin() as connection:
        known = _find(connection, week, list_name)
        if known:
            return known
        row = {
            "week": str(week),
            "list": list_name,
            "token": token or secrets.token_hex(8),
            "state": "planned",
            "subject": message.subject,
            "artefacts": {**_keep(connection, message, now), "form": form},
            "created": now,
        }
        insert_new(connection, mailings, row)
        frozen = _find(connection, week, list_name)
        assert frozen is not None  # noqa: S101 - just written, or by the one who was faster
        return frozen


def find_mailing(engine: Engine, *, week: object, list_name: str) -> Mailing | None:
    """Return the mailing of a week to a list, if there is one."""
    with reading(engine) as connection:
        return _find(connection, week, list_name)


def read_mailing(connection: Connection, mailing_id: int, *, held: bool = False) -> Mailing:
    """Read a mailing by its number; `held`, nobody changes it before the transaction ends."""
    query = select(mailings).where(mailings.c.id == mailing_id)
    row = connection.execute(query.with_for_update(key_share=True) if held else query).one()
    return Mailing(**row._mapping)


def frozen_form(mailing: Mailing) -> Form | None:
    """Return the form of readers who chose none; None if it was frozen before there were any."""
    form = mailing.artefacts.get("form")
    return Form(form) if form else None


def load_message(engine: Engine, mailing: Mailing, *, files: bool = True) -> Message:
    """Return the mail as it was frozen, without attachments if they proved too large.

    `files` is for those who need none. For what a reader gets see `forms.message_in_form`.
    """
    with reading(engine) as connection:
        kept = read_mailing(connection, mailing.id).artefacts
        attached = kept["attachments"] if kept["attach"] and files else []
        return Message(
            **kept["fields"],
            headers=kept["headers"],
            html=get(connection, kept["html"]).content.decode(),
            text=get(connection, kept["text"]).content.decode(),
            attachments=tuple(
                Attachment(
                    name=file["name"],
                    media_type=file["media_type"],
                    content=get(connection, file["digest"]).content,
                )
                for file in attached
            ),
            pictures={
                url: get(connection, digest).content for url, digest in kept["pictures"].items()
            },
        )


def leave_attachments(
    engine: Engine, mailing: Mailing, *, why: str, who: str, now: datetime
) -> None:
    """Send the rest of a mailing without attachments; the mail links to them anyway."""
    with engine.begin() as connection:
        kept = read_mailing(connection, mailing.id).artefacts
        if kept["attach"]:
            connection.execute(
                update(mailings)
                .where(mailings.c.id == mailing.id)
                .values(artefacts={**kept, "attach": False})
            )
            note(connection, mailing, who=who, act="leave attachments", now=now, reason=why)


def set_state(
    connection: Connection,
    mailing: Mailing,
    state: str,
    reason: str = "",
    finished: datetime | None = None,
) -> None:
    """Write a mailing's state; `reason` says why it stands still, if it does."""
    connection.execute(
        update(mailings)
        .where(mailings.c.id == mailing.id)
        .values(state=state, reason=reason, finished=finished)
    )


def hold_all(connection: Connection, mailing: Mailing, until: datetime) -> None:
    """Let no worker send before a moment: the provider has asked one of them to wait."""
    connection.execute(
        update(mailings)
        .where(
            mailings.c.id == mailing.id,
            or_(mailings.c.hold_until.is_(None), mailings.c.hold_until < until),
        )
        .values(hold_until=until)
    )


def note(
    connection: Connection, mailing: Mailing, *, who: str, act: str, now: datetime, **details: Any
) -> None:
    """Write into the audit what was done to a mailing."""
    about = f"mailing {mailing.week} {mailing.list}"
    connection.execute(
        audit.insert().values(at=now, who=who, act=act, about=about, details=details)
    )


def due(engine: Engine, *, week: object, list_name: str) -> int:
    """Count the readers of a list who have not been written down for this week yet."""
    total, after = 0, 0
    with reading(engine) as connection:
        known = _find(connection, week, list_name)
        mailing_id = known.id if known else 0
        while True:
            readers, last = _next_readers(connection, mailing_id, list_name, after)
            total += len(readers)
            if last is None:
                return total
            after = last


def plan(engine: Engine, mailing: Mailing, *, batch: int, now: datetime) -> int:
    """Write down every active reader who is not in the mailing yet; return how many.

    Readers of one form go into chunks of `batch` in the order of their numbers. A second
    call adds only those who came since; a call that was cut short is completed by the next.
    """
    standard = frozen_form(mailing) or Form.LINK
    planned, after = 0, 0
    left: list[int] = []  # too few of their form to fill a chunk; none but the last is small
    while True:
        with engine.begin() as connection:
            # two who plan at once must not both see the same reader missing
            connection.execute(
                select(mailings.c.id)
                .where(mailings.c.id == mailing.id)
                .with_for_update(key_share=True)
            )
            readers = _left_readers(connection, mailing.id, mailing.list, left)
            found, last = _next_readers(connection, mailing.id, mailing.list, after)
            groups = _by_form([*readers, *found], standard)
            left = []
            for form, ids in groups.items():
                full = len(ids) if last is None else len(ids) - len(ids) % batch
                left += ids[full:]
                if full:
                    _write_down(connection, mailing.id, form, ids[:full], batch, now)
                planned += full
        if last is None:
            return planned
        after = last


def _by_form(readers: Iterable[_Reader], standard: Form) -> dict[Form, list[int]]:
    forms = {form.value: form for form in Form}
    groups: dict[Form, list[int]] = {}
    for id, chosen in readers:
        groups.setdefault(forms.get(chosen, standard), []).append(id)
    return groups


def _next_readers(
    connection: Connection, mailing_id: int, list_name: str, after: int
) -> tuple[list[_Reader], int | None]:
    """Return a slice of the readers to plan, and where it ended if there is more."""
    readers = _missing(connection, mailing_id, list_name).where(
        subscriptions.c.subscriber_id > after
    )
    rows = connection.execute(readers.order_by(subscriptions.c.subscriber_id).limit(_SLICE)).all()
    return _mailable(connection, rows, list_name), rows[-1].id if len(rows) == _SLICE else None


def _left_readers(
    connection: Connection, mailing_id: int, list_name: str, ids: list[int]
) -> list[_Reader]:
    """Look again at readers of an earlier slice: another may have planned them, or they left."""
    if not ids:
        return []
    readers = _missing(connection, mailing_id, list_name).where(
        subscriptions.c.subscriber_id.in_(ids)
    )
    rows = connection.execute(readers.order_by(subscriptions.c.subscriber_id)).all()
    return _mailable(connection, rows, list_name)


def _missing(connection: Connection, mailing_id: int, list_name: str) -> Select[Any]:
    known = exists().where(
        deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == subscribers.c.id
    )
    # the list's number first: the planner then walks its index in the readers' order
    list_id = connection.scalar(select(lists.c.id).where(lists.c.name == list_name))
    return (
        select(subscribers.c.id, subscribers.c.email_key, subscriptions.c.pdf)
        .join(
            subscriptions,
            and_(
                subscriptions.c.subscriber_id == subscribers.c.id,
                subscriptions.c.list_id == list_id,
                subscriptions.c.status == "active",
            ),
        )
        .where(subscribers.c.status == "enabled", ~known)
    )


def _mailable(connection: Connection, rows: Sequence[Any], list_name: str) -> list[_Reader]:
    hashes = {row.id: email_hash(row.email_key) for row in rows}
    barred = suppressed(connection, hashes.values(), list_name)
    return [(row.id, row.pdf) for row in rows if hashes[row.id] not in barred]


def _write_down(
    connection: Connection,
    mailing_id: int,
    form: Form,
    ids: Sequence[int],
    batch: int,
    now: datetime,
) -> None:
    last = connection.scalar(select(func.max(chunks.c.n)).where(chunks.c.mailing_id == mailing_id))
    before = last or 0
    position = func.row_number().over(order_by=subscribers.c.id) - 1
    chosen: Select[Any] = select(
        literal(mailing_id),
        subscribers.c.id,
        literal(before + 1) + position // batch,
        subscribers.c.email,
        literal(""),
    ).where(subscribers.c.id.in_(ids))
    connection.execute(
        deliveries.insert().from_select(
            ["mailing_id", "subscriber_id", "n", "email", "reason"], chosen
        )
    )
    connection.execute(
        chunks.insert(),
        [
            {
                "mailing_id": mailing_id,
                "n": before + 1 + number,
                "state": State.PLANNED,
                "form": form,
                "size": min(batch, len(ids) - number * batch),
                "changed": now,
            }
            for number in range(-(-len(ids) // batch))
        ],
    )


def _find(connection: Connection, week: object, list_name: str) -> Mailing | None:
    row = connection.execute(
        select(mailings).where(mailings.c.week == str(week), mailings.c.list == list_name)
    ).first()
    return Mailing(**row._mapping) if row else None


def _keep(connection: Connection, message: Message, now: datetime) -> dict[str, Any]:
    def keep(content: bytes, media_type: str, name: str = "") -> str:
        return put(connection, content, media_type, name=name, now=now)

    return {
        "fields": {name: getattr(message, name) for name in _FIELDS},
        "headers": dict(message.headers),
        "html": keep(message.html.encode(), "text/html"),
        "text": keep(message.text.encode(), "text/plain"),
        "attachments": [
            {
                "digest": keep(file.content, file.media_type, file.name),
                "name": file.name,
                "media_type": file.media_type,
            }
            for file in message.attachments
        ],
        "pictures": {url: keep(content, "image", url) for url, content in message.pictures.items()},
        "attach": True,
    }


def _check(message: Message) -> None:
    for name, part in (("HTML", message.html), ("plain text", message.text)):
        if UNSUBSCRIBE_URL not in part:
            raise DeliveryError(
                f"the mail's {name} has no unsubscribe link, so it cannot go to a list:"
                f" put {UNSUBSCRIBE_URL} back into the template"
            )
        if _letters(message.postal) not in _letters(part):
            raise DeliveryError(
                f"the mail's {name} lacks the postal address that the law wants in bulk mail:"
                " put the postal address of [sender] back into the template"
            )


def _letters(text: str) -> str:
    """Return letters and digits alone: an address may be set on one line or on five."""
    plain = html.unescape(re.sub(r"<[^>]*>", "", text))
    return "".join(letter for letter in plain if letter.isalnum()).casefold()
