"""Raw events -> what they tell of readers, addresses and chunks; pure.

5.7.x and blocks are about us: nobody is suppressed for them. Opens and clicks never
confirm, unsubscribe or suppress anybody: mail filters make them too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from publisher.deliver.feedback.causes import Kind as Cause
from publisher.deliver.feedback.causes import classify
from publisher.deliver.feedback.events import Kind, Told, kind_of, number, plain, reason_of
from publisher.deliver.feedback.events_clicks import Visit, is_scanner
from publisher.deliver.feedback.receipts import Key, Receipt
from publisher.deliver.feedback.scores import Bounce
from publisher.deliver.senders.headers import ascii_domain
from publisher.storage.suppressions import email_hash

_LINK_LIMIT = 2000
_LONGEST_REQUEST = 200
_AHEAD = 86_400  #: seconds; a moment later than that after it was heard of is a mistake

#: SendGrid's `bounce_classification` -> what an undecided bounce is about
_CLASSES = {
    "reputation": Cause.OURS,
    "content": Cause.OURS,
    "frequency or volume too high": Cause.SOFT,
    "technical": Cause.SOFT,
    "technical failure": Cause.SOFT,
    "mailbox unavailable": Cause.SOFT,
    "unclassified": Cause.SOFT,
}
_NOT_THE_READER = ("reputation", "content")
_REASONED = (Kind.DEFERRED, Kind.BLOCKED, Kind.DROPPED, Kind.BOUNCED)

#: week and address -> the article's slug or the address; None if it is no link to count
LinkOf = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Known:
    """A mailing of ours."""

    id: int
    list: str
    week: str


@dataclass(frozen=True)
class Leaving:
    """A reader who unsubscribed by SendGrid's own means."""

    subscriber_id: int
    email_hash: str
    list_name: str
    at: int  #: Unix seconds


@dataclass
class Learnt:
    """What some events tell, each thing once."""

    receipts: dict[Key, Receipt] = field(default_factory=dict)
    visits: list[tuple[Key, str, Visit]] = field(default_factory=list)
    #: mailing, chunk and attempt -> the provider's name for the request
    evidence: dict[tuple[int, int, int], str] = field(default_factory=dict)
    proved: set[tuple[str, str, str]] = field(default_factory=set)  #: the same in their words
    bounces: list[Bounce] = field(default_factory=list)
    delivered: dict[str, int] = field(default_factory=dict)  #: by the address's hash
    complaints: dict[str, int] = field(default_factory=dict)  #: by the address's hash
    leaving: list[Leaving] = field(default_factory=list)
    ours: int = 0  #: events of our mailings
    odd: list[str] = field(default_factory=list)  #: ids of events that nobody can make sense of


def tokens_in(found: Iterable[Told | None]) -> set[str]:
    """Return the names of the mailings that events speak of."""
    return {told.token for told in found if told and told.token}


def learn(
    events: Iterable[tuple[str, Told | None, int]],
    mailings: Mapping[str, Known],
    link_of: LinkOf,
) -> Learnt:
    """Return what events tell: of each its id, its words and when it was heard (Unix seconds).

    Events of other installations, of other mails and of kinds nobody knows tell nothing.
    """
    learnt = Learnt()
    for id, told, heard in events:
        if told is None:
            continue
        mailing = mailings.get(told.token)
        if mailing is None:
            continue
        learnt.ours += 1
        try:
            _take(learnt, id, told, mailing, heard, link_of)
        except (ValueError, TypeError, LookupError):
            learnt.odd.append(id)
    return learnt


def _take(learnt: Learnt, id: str, told: Told, mailing: Known, heard: int, link_of: LinkOf) -> None:
    kind = kind_of(told)
    _prove(learnt, told, mailing)
    reader = number(told.reader)
    if reader < 0 or kind is Kind.OTHER:
        return
    at = told.timestamp if 0 < told.timestamp <= heard + _AHEAD else heard
    key = (mailing.id, reader)
    receipt = learnt.receipts.get(key)
    if receipt is None:
        receipt = learnt.receipts[key] = Receipt()
    if kind is Kind.CLICKED:
        link = link_of(mailing.week, told.url)
        if link:
            visit = Visit(plain(link, _LINK_LIMIT), at, is_scanner(told.agent))
            learnt.visits.append((key, id, visit))
        return
    if kind is Kind.OPENED:
        receipt.take(kind, at, machine=told.machine or is_scanner(told.agent))
        return
    reason = reason_of(told) if kind in _REASONED else ""
    receipt.take(kind, at, reason=reason, attempt=max(number(told.attempt, 9), 0))
    if kind is not Kind.PROCESSED and kind is not Kind.DEFERRED and told.email:
        _of_the_address(learnt, kind, told, reader, mailing, at)


def _of_the_address(
    learnt: Learnt, kind: Kind, told: Told, reader: int, mailing: Known, at: int
) -> None:
    hash = email_hash(ascii_domain(told.email.strip()).casefold())
    if kind is Kind.DELIVERED:
        learnt.delivered[hash] = max(at, learnt.delivered.get(hash, 0))
    elif kind is Kind.BOUNCED:
        moment = datetime.fromtimestamp(at, UTC)
        cause, reason = _cause(told), reason_of(told)
        learnt.bounces.append(Bounce(email_hash=hash, kind=cause, at=moment, reason=reason))
    elif kind is Kind.COMPLAINED or (kind is Kind.DROPPED and _says(told, "spam reporting")):
        learnt.complaints[hash] = max(at, learnt.complaints.get(hash, 0))
    elif kind is Kind.UNSUBSCRIBED or (kind is Kind.DROPPED and _says(told, "unsubscribed")):
        learnt.leaving.append(Leaving(reader, hash, mailing.list, at))
    elif kind is Kind.DROPPED and (
        _says(told, "bounced") or told.reason.strip().casefold() in ("invalid", "invalid address")
    ):
        moment = datetime.fromtimestamp(at, UTC)
        reason = f"SendGrid did not try: {reason_of(told)}"
        learnt.bounces.append(Bounce(email_hash=hash, kind=Cause.HARD, at=moment, reason=reason))


def _cause(told: Told) -> Cause:
    """Tell what a bounce is about; SendGrid calls only those bounces that it takes for final."""
    group = told.classification.strip().casefold()
    if group in _NOT_THE_READER:
        return Cause.OURS
    otherwise = _CLASSES.get(group, Cause.HARD)
    return classify(told.status, told.reason, otherwise=otherwise)


def _says(told: Told, words: str) -> bool:
    return told.reason.strip().casefold().startswith(words)


def _prove(learnt: Learnt, told: Told, mailing: Known) -> None:
    words = (told.token, told.chunk, told.attempt)
    if words in learnt.proved:
        return
    learnt.proved.add(words)
    chunk, attempt = number(told.chunk, 9), number(told.attempt, 9)
    if chunk >= 0 and attempt > 0:
        # SendGrid's name for a mail begins with its name for the request (X-Message-Id)
        request = plain(told.message_id.partition(".")[0], _LONGEST_REQUEST)
        learnt.evidence.setdefault((mailing.id, chunk, attempt), request)
