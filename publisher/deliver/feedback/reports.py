"""Mails about mails: bounces (RFC 3464, 6533 and free text), complaints (RFC 5965), replies.

Reading says what a mail claims, and collects the marks by which it may prove that it is
about a mail of ours. Whether the marks are genuine, only who has the keys can tell: a
bounce is easily forged, and must not cost an innocent reader the magazine.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from publisher.deliver.feedback import freetext
from publisher.deliver.feedback.causes import Kind, classify
from publisher.deliver.feedback.mailparts import (
    Mail,
    TooStrange,
    carried,
    fields_of,
    header,
    headers,
    moment_of,
    parse,
    parts,
    value_of,
    words,
)
from publisher.deliver.senders.verp import token_of

_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,200}@[^\s<>,;:\"()]{1,255}")
_LINK = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{20,200})")
#: where mail servers write to whom a mail came
_ENVELOPE = ("Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "To")
_GROUPS = 100  # recipients read of one report; our mails have one each
_REPLY_SUBJECT = re.compile(
    r"^((re|aw|tr|fwd?|رد)\s*: *)*\W*(auto(matic|mated)?[- ]?(reply|response|answer)"
    r"|out of (the )?office|absen(ce|t)|abwesen|automatische antwort|r.ponse automatique"
    r"|respuesta autom|risposta automatic|resposta autom|vacation|on leave|away from"
    r"|رد تلقائي|رد آلي|خارج المكتب)",
    re.IGNORECASE,
)


class Sort(StrEnum):
    """What kind of mail came."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    REPLY = "reply"  #: from a program that answers everything: nothing is to be done
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What became of a mail (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Feedback(StrEnum):
    """What a reader said of a mail (RFC 5965, 7.3)."""

    ABUSE = "abuse"
    FRAUD = "fraud"
    VIRUS = "virus"
    OTHER = "other"
    NOT_SPAM = "not-spam"
    OPT_OUT = "opt-out"
    AUTH_FAILURE = "auth-failure"  #: about our domain's records (RFC 6591)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of the mail to one address."""

    action: Action
    kind: Kind  #: what a failure says of the address
    address: str = ""  #: as the reporting server names it; proves nothing
    status: str = ""  #: such as 5.1.1
    diagnostic: str = ""
    at: datetime | None = None  #: aware, UTC

    @property
    def reason(self) -> str:
        """What an operator reads."""
        known = self.status and self.status not in self.diagnostic
        return " ".join(filter(None, (self.status if known else "", self.diagnostic)))[:500]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a mail says about another."""

    sort: Sort
    results: tuple[Result, ...] = ()  #: of a bounce
    feedback: Feedback | None = None  #: of a complaint
    addresses: tuple[str, ...] = ()  #: whom it says it is about; proves nothing
    marks: tuple[str, ...] = ()  #: what may be tokens of our return paths
    links: tuple[str, ...] = ()  #: what may be tokens of our links to unsubscribe
    message_id: str = ""  #: of the mail it is about
    at: datetime | None = None  #: when it says it was written; aware, UTC
    subject: str = ""
    problem: str = ""  #: why it could not be read

    @property
    def mildest(self) -> Result | None:
        """The one result that counts: a mailbox that is several is reached if one of them is."""
        return min(self.results, key=_severity, default=None)


def read_report(raw: bytes) -> Report:
    """Say what a mail reports; whatever it is, nothing is raised."""
    try:
        mail = parse(raw)
        return _read(mail)
    except TooStrange as error:
        return Report(sort=Sort.UNKNOWN, problem=str(error))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        # `email` has not met every broken mail yet, and one must not stop all others
        return Report(sort=Sort.UNKNOWN, problem=f"it cannot be read: {type(error).__name__}")


def identity(raw: bytes) -> str:
    """Return a name for a mail that stays when it is copied, read or moved."""
    plain = raw.replace(b"\r\n", b"\n")
    head, _, body = plain.partition(b"\n\n")
    kept = rb"(?im)^(?:from|to|date|message-id|subject):[^\n]*(?:\n[ \t][^\n]*)*"
    seed = b"\n".join([*sorted(re.findall(kept, head)), body.strip()])
    return f"dsn:{sha256(seed).hexdigest()}"


def _read(mail: Mail) -> Report:
    found = list(parts(mail))
    status = next((p for p in found if p.get_content_type() in _STATUS_PARTS), None)
    feedback = next((p for p in found if p.get_content_type() == "message/feedback-report"), None)
    returned = next((r for r in map(carried, found[1:]) if r is not None), None)
    if feedback is not None:
        return _complaint(mail, fields_of(feedback), returned)
    if status is not None:
        return _notification(mail, fields_of(status), returned)
    if returned is not None and freetext.is_complaint(mail):
        return _report(mail, Sort.COMPLAINT, [], returned, feedback=Feedback.ABUSE)
    told = freetext.bounce(mail, found)
    if told:
        result = Result(
            action=Action.DELAYED if told.delayed else Action.FAILED,
            kind=classify(told.status, told.diagnostic),
            address=told.address,
            status=told.status,
            diagnostic=told.diagnostic[:500],
            at=moment_of(header(mail, "Date")),
        )
        return _report(mail, Sort.BOUNCE, [], returned or told.returned, results=(result,))
    sort = Sort.REPLY if _is_reply(mail, found) else Sort.UNKNOWN
    return Report(sort=sort, subject=words(mail, "Subject")[:200])


_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")


def _notification(mail: Mail, groups: Sequence[Mail], returned: Mail | None) -> Report:
    """Read a delivery status notification: one group on the mail, one for each recipient."""
    results = [
        result
        for group in groups[: _GROUPS + 1]
        if (result := _result(group, header(mail, "Date"))) is not None
    ]
    sort = Sort.BOUNCE if results else Sort.UNKNOWN
    return _report(mail, sort, groups, returned, results=tuple(results))


def _result(group: Mail, date: str) -> Result | None:
    address = value_of(header(group, "Original-Recipient") or header(group, "Final-Recipient"))
    said = header(group, "Action").lower()
    status = header(group, "Status")
    diagnostic = value_of(header(group, "Diagnostic-Code"))
    if not said and not (address and status):
        return None
    action = next((action for action in Action if said.startswith(action)), None)
    if action is None:
        action = {"5": Action.FAILED, "4": Action.DELAYED}.get(status[:1])
    if action is None:
        return None
    return Result(
        action=action,
        kind=classify(status, diagnostic),
        address=address[:320],
        status=status.split(" ")[0][:12],
        diagnostic=diagnostic[:500],
        at=moment_of(header(group, "Last-Attempt-Date")) or moment_of(date),
    )


def _complaint(mail: Mail, groups: Sequence[Mail], returned: Mail | None) -> Report:
    said = next((header(group, "Feedback-Type").lower() for group in groups), "")
    known = {kind.value: kind for kind in Feedback} | {"opt-out-list": Feedback.OPT_OUT}
    feedback = known.get(said, Feedback.OTHER)
    return _report(mail, Sort.COMPLAINT, groups, returned, feedback=feedback)


def _report(
    mail: Mail,
    sort: Sort,
    groups: Sequence[Mail],
    returned: Mail | None,
    *,
    results: tuple[Result, ...] = (),
    feedback: Feedback | None = None,
) -> Report:
    """Put together what was read with the marks that may prove it."""
    paths = headers(mail, *_ENVELOPE)
    named = [result.address for result in results]
    for group in groups[: _GROUPS + 1]:
        paths += headers(group, "X-Postfix-Sender", "Original-Mail-From", "X-Original-Sender")
        named += map(value_of, headers(group, "Original-Rcpt-To"))
    links: list[str] = []
    message_id = ""
    if returned is not None:
        paths += headers(returned, "Return-Path", "X-Envelope-From", "Errors-To")
        links = _LINK.findall(" ".join(headers(returned, "List-Unsubscribe")))
        message_id = header(returned, "Message-ID").strip("<> ")
    marks = [token_of(a) for path in paths for a in _ADDRESS.findall(path)]
    return Report(
        sort=sort,
        results=results,
        feedback=feedback,
        addresses=tuple(dict.fromkeys(a for a in named if a)),
        marks=tuple(dict.fromkeys(mark for mark in marks if mark)),
        links=tuple(dict.fromkeys(links)),
        message_id=message_id[:500],
        at=moment_of(header(mail, "Date")),
        subject=words(mail, "Subject")[:200],
    )


def _is_reply(mail: Mail, found: Sequence[Mail]) -> bool:
    """Whether a program wrote this in answer to a mail (RFC 3834), or to its being read."""
    submitted = header(mail, "Auto-Submitted").lower()
    return bool(
        (submitted and not submitted.startswith("no"))
        or headers(mail, "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
        or header(mail, "Precedence").lower() in ("auto_reply", "auto-reply")
        or any(p.get_content_type() == "message/disposition-notification" for p in found)
        or _REPLY_SUBJECT.search(words(mail, "Subject"))
    )


def _severity(result: Result) -> int:
    if result.action is not Action.FAILED:
        return [Action.DELIVERED, Action.RELAYED, Action.EXPANDED, Action.DELAYED].index(
            result.action
        )
    return 10 + [Kind.OURS, Kind.SOFT, Kind.HARD].index(result.kind)
