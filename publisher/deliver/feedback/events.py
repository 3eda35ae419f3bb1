"""SendGrid's events: a posted body -> raw events with their ids; a raw event -> what it tells.

Everything here is pure and takes whatever comes: a signature proves who sent a body, not
that it is well made, and addresses, reasons and programs' names in it are strangers' words.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import json
import math
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from publisher.deliver.senders.sendgrid_body import ATTEMPT_ARG, CHUNK_ARG, MAILING_ARG, READER_ARG

_LONGEST_ID = 200  # characters; SendGrid's have up to a hundred
_REASON_LIMIT = 500
_LATEST = 1 << 33  # Unix seconds, in the year 2242: later is no moment but a mistake


class Kind(StrEnum):
    """What happened to a mail."""

    PROCESSED = "processed"
    DEFERRED = "deferred"  #: the remote server asks to try later; SendGrid does
    DELIVERED = "delivered"
    BLOCKED = "blocked"  #: refused because of us or of this mail
    DROPPED = "dropped"  #: SendGrid did not try
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"  #: by SendGrid's own means
    OTHER = "other"  #: kept, and nothing is done


class Raw(NamedTuple):
    """An event as it came."""

    at: int  #: Unix seconds by the provider's clock; 0 if it does not say
    id: str  #: the provider's, else a digest of what came
    text: str  #: JSON, unless what came is none


class Told(msgspec.Struct, frozen=True, gc=False):
    """The fields of an event that we look at; missing ones are empty."""

    event: str = ""
    timestamp: int = 0
    email: str = ""
    token: str = msgspec.field(name=MAILING_ARG, default="")
    chunk: str = msgspec.field(name=CHUNK_ARG, default="")
    attempt: str = msgspec.field(name=ATTEMPT_ARG, default="")
    reader: str = msgspec.field(name=READER_ARG, default="")
    message_id: str = msgspec.field(name="sg_message_id", default="")
    type: str = ""
    status: str = ""
    reason: str = ""
    response: str = ""
    classification: str = msgspec.field(name="bounce_classification", default="")
    url: str = ""
    agent: str = msgspec.field(name="useragent", default="")
    machine: bool = msgspec.field(name="sg_machine_open", default=False)


class _Head(msgspec.Struct, gc=False):
    """What names an event."""

    id: str = msgspec.field(name="sg_event_id", default="")
    timestamp: int = 0


_KINDS = {
    "processed": Kind.PROCESSED,
    "deferred": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "dropped": Kind.DROPPED,
    "bounce": Kind.BOUNCED,
    "blocked": Kind.BLOCKED,
    "open": Kind.OPENED,
    "click": Kind.CLICKED,
    "spamreport": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "group_unsubscribe": Kind.UNSUBSCRIBED,
}
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_HEAD = msgspec.json.Decoder(_Head)
_TOLD = msgspec.json.Decoder(Told)
#: what a decoder raises for broken, wrongly typed or too deeply nested JSON
_ILL_MADE = (ValueError, RecursionError)
#: field -> its name in the JSON
_NAMES = dict(zip(Told.__struct_fields__, Told.__struct_encode_fields__, strict=True))


class NoEvents(ValueError):
    """A posted body is no JSON list."""


def part(body: bytes) -> list[Raw]:
    """Part a posted body into its events, each in the words it came in; raises `NoEvents`."""
    try:
        return [_raw(str(event, "utf-8", "replace")) for event in _LIST.decode(body)]
    except _ILL_MADE:
        return _with_patience(body)


def unreadable(body: bytes) -> Raw:
    """Return a body that `part` refuses as if it were one event, so that it can be kept."""
    return Raw(0, _digest(body), body.decode("utf-8", "replace").replace("\0", "\ufffd"))


def read(text: str) -> Told | None:
    """Read a raw event; None if it is no JSON object."""
    try:
        return _TOLD.decode(text)
    except _ILL_MADE:
        pass
    try:
        fields = json.loads(text)
    except _ILL_MADE:
        return None
    return _as_far_as_possible(fields) if isinstance(fields, dict) else None


def kind_of(told: Told) -> Kind:
    """Return what kind of event it is."""
    kind = _KINDS.get(told.event, Kind.OTHER)
    return Kind.BLOCKED if kind is Kind.BOUNCED and told.type == "blocked" else kind


def reason_of(told: Told) -> str:
    """Return why the mail was not delivered, on one line."""
    return plain(told.reason or told.response, _REASON_LIMIT)


def number(text: str, digits: int = 18) -> int:
    """Return a number of ours that came back, or -1 if it is none."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= digits else -1


def plain(text: str, limit: int) -> str:
    """Return strangers' words on one line that any database takes."""
    words = " ".join(text[: 4 * limit].replace("\0", " ").split())
    return words[:limit].encode("utf-8", "replace").decode()


def _raw(text: str) -> Raw:
    try:
        head = _HEAD.decode(text)
        at, id = head.timestamp, head.id
    except _ILL_MADE:
        at, id = _ill_made_head(text)
    if not id or len(id) > _LONGEST_ID or not id.isprintable():
        id = _digest(text.encode())
    return Raw(at if 0 <= at < _LATEST else 0, id, text)


def _ill_made_head(text: str) -> tuple[int, str]:
    try:
        fields = json.loads(text)
    except _ILL_MADE:
        return 0, ""
    if not isinstance(fields, dict):
        return 0, ""
    id = fields.get("sg_event_id")
    return _seconds(fields.get("timestamp")), id if isinstance(id, str) else ""


def _with_patience(body: bytes) -> list[Raw]:
    """Part a body with half characters (lone surrogates) or broken UTF-8 in it."""
    try:
        events = json.loads(body.decode("utf-8", "replace"), strict=False)
        if not isinstance(events, list):
            raise NoEvents
        # in ASCII, where half a character is written as what it is
        return [_raw(json.dumps(event)) for event in events]
    except _ILL_MADE:
        raise NoEvents from None


def _as_far_as_possible(fields: dict[str, Any]) -> Told:
    """Take what has the wrong type for what it may mean."""
    values: dict[str, Any] = {}
    for field, name in _NAMES.items():
        value = fields.get(name)
        if field == "timestamp":
            values[field] = _seconds(value)
        elif field == "machine":
            values[field] = value is True or value in ("true", "True", "1", 1)
        elif isinstance(value, str):
            values[field] = value.encode("utf-8", "replace").decode()
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values[field] = str(value)
    return Told(**values)


def _seconds(value: Any) -> int:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return int(seconds) if math.isfinite(seconds) and abs(seconds) < _LATEST else 0


def _digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()[:40]}"
