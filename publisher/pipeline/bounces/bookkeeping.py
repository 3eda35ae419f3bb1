"""Bounces and complaints into the books: what follows from each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from publisher.audience.changes import complain, opt_out
from publisher.audience.consents import agreed_since
from publisher.audience.tokens import Tokens
from publisher.deliver.feedback.causes import Kind
from publisher.deliver.feedback.events import Kind as News
from publisher.deliver.feedback.receipts import Receipt, add_receipts
from publisher.deliver.feedback.reports import Action, Feedback, Report, Sort, identity, read_report
from publisher.deliver.feedback.scores import Bounce, Rules, forgive, score_bounces
from publisher.deliver.proving import Evidence, note_evidence
from publisher.pipeline.bounces.believing import Proof, Whom, is_about, people_of, prove
from publisher.storage.inserts import insert_or_ignore
from publisher.storage.schema import events, parcels

_RAW_LIMIT = 64_000  # bytes of a report that are kept
_OLDEST = timedelta(days=30)  #: an older bounce is no news; its clock is wrong


class Outcome(StrEnum):
    """What came of a mail from the mailbox."""

    BOUNCED = "bounced"  #: for good
    SOFT = "soft"  #: this time
    BLOCKED = "blocked"  #: because of us, or of the mail
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    REPLY = "reply"  #: by a program that answers everything
    NOTED = "noted"  #: nothing is to be done
    KNOWN = "known"  #: it was taken in before
    UNPROVEN = "unproven"  #: it does not show that it is about a mail of ours
    UNKNOWN = "unknown"  #: it is nothing that we understand

    @property
    def handled(self) -> bool:
        """Whether the mail has served its purpose."""
        return self not in (Outcome.UNPROVEN, Outcome.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A mail, and what came of it."""

    outcome: Outcome
    subject: str = ""
    reason: str = ""


@dataclass
class _Findings:
    """What a batch of reports adds to the books."""

    receipts: dict[tuple[int, int], Receipt] = field(default_factory=dict)
    bounces: list[Bounce] = field(default_factory=list)
    delivered: dict[str, datetime] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    gone: int = 0  #: readers who are mailed no more


def book(
    connection: Connection,
    tokens: Tokens,
    mails: Sequence[bytes],
    *,
    rules: Rules,
    now: datetime,
    keep_all: bool = False,
) -> tuple[list[Taken], int]:
    """Take mails into the books: return what came of each, and how many are mailed no more.

    A mail that was taken in before changes nothing. `keep_all` stores those we do not
    understand too, for whom there is no mailbox to stay in. The caller commits.
    """
    reports = [read_report(mail) for mail in mails]
    proofs = [prove(tokens, report) for report in reports]
    people = people_of(connection, [proof for proof in proofs if proof])
    names = [identity(mail) for mail in mails]
    first = [_first_sight(r, p, people) for r, p in zip(reports, proofs, strict=True)]
    wanted = [
        (int(report.at.timestamp()) if report.at and report.at.year >= 1970 else 0, name, mail)
        for report, name, mail, seen in zip(reports, names, mails, first, strict=True)
        if seen is None or (keep_all and not seen.outcome.handled)
    ]
    new = _remember(connection, wanted, now)
    findings = _Findings()
    taken = []
    for report, proof, name, seen in zip(reports, proofs, names, first, strict=True):
        if seen is None and name in new and proof:
            new.discard(name)  # the same mail may lie there twice
            seen = _take(connection, findings, report, proof, people[proof], now)
        taken.append(seen or Taken(outcome=Outcome.KNOWN, subject=report.subject))
    add_receipts(connection, findings.receipts)
    note_evidence(connection, findings.evidence, source="records", now=now)
    forgive(connection, findings.delivered)
    over = score_bounces(connection, findings.bounces, now=now, rules=rules)
    return taken, findings.gone + len(over)


def _first_sight(report: Report, proof: Proof | None, people: Mapping[Proof, Whom]) -> Taken | None:
    """Return what comes of a mail if the books need not be opened for it."""

    def only(outcome: Outcome, reason: str = "") -> Taken:
        return Taken(outcome=outcome, subject=report.subject, reason=reason)

    if report.sort is Sort.REPLY:
        return only(Outcome.REPLY)
    if report.sort is Sort.UNKNOWN:
        return only(Outcome.UNKNOWN, report.problem or "neither a bounce nor a complaint")
    if report.feedback is Feedback.NOT_SPAM:
        return only(Outcome.NOTED)
    if report.sort is Sort.COMPLAINT and report.feedback not in _FEEDBACK:
        return only(Outcome.UNKNOWN, f"feedback of type {report.feedback}: for a person to read")
    if proof is None:
        return only(Outcome.UNPROVEN, "it holds no mark of ours")
    whom = people.get(proof)
    if whom is None:
        return only(Outcome.NOTED, "its reader has been removed")
    if whom.mailing is None and report.sort is Sort.BOUNCE and not is_about(whom, report):
        return only(Outcome.UNPROVEN, "it is about another address than the reader's")
    return None


def _take(
    connection: Connection,
    findings: _Findings,
    report: Report,
    proof: Proof,
    whom: Whom,
    now: datetime,
) -> Taken:
    result = report.mildest
    told = (result.at if result else None) or report.at or now
    earliest = whom.since or now - _OLDEST
    at = told if earliest <= told <= now else now
    # she may have asked for mail since: then the books tell of it, and nothing follows
    late = agreed_since(connection, whom.hash, at)
    if report.sort is Sort.COMPLAINT:
        outcome, news = _FEEDBACK[report.feedback or Feedback.ABUSE]
        if not late:
            findings.gone += _end_mail(connection, report, proof, whom, now)
    elif result and result.action is Action.FAILED:
        outcome, news = _FAILURES[result.kind]
        if not late:
            findings.bounces.append(
                Bounce(email_hash=whom.hash, kind=result.kind, at=at, reason=result.reason)
            )
    else:
        outcome, news = _NEWS[result.action if result else Action.RELAYED]
        if outcome is Outcome.DELIVERED and news is News.DELIVERED:
            before = findings.delivered.get(whom.hash, at)
            findings.delivered[whom.hash] = max(before, at)
    reason = result.reason if result else ""
    if whom.mailing is not None:
        key = (whom.mailing, proof.subscriber)
        receipt = findings.receipts.setdefault(key, Receipt())
        receipt.take(news, int(at.timestamp()), reason=reason, attempt=whom.attempt)
    if whom.doubt:
        findings.evidence.append(whom.doubt)
    return Taken(outcome=outcome, subject=report.subject, reason=reason)


def _end_mail(
    connection: Connection, report: Report, proof: Proof, whom: Whom, now: datetime
) -> bool:
    """Do as a reader has asked through her mailbox provider; return whether all mail ends."""
    source = f"feedback report: {report.feedback}"
    if report.feedback is not Feedback.OPT_OUT:
        return complain(connection, whom.hash, source=source, now=now)
    if whom.list_name:
        opt_out(connection, proof.subscriber, whom.hash, whom.list_name, source=source, now=now)
    return False


_FAILURES = {
    Kind.HARD: (Outcome.BOUNCED, News.BOUNCED),
    Kind.SOFT: (Outcome.SOFT, News.BLOCKED),
    Kind.OURS: (Outcome.BLOCKED, News.BLOCKED),
}
_NEWS = {
    Action.DELAYED: (Outcome.DELAYED, News.DEFERRED),
    Action.DELIVERED: (Outcome.DELIVERED, News.DELIVERED),
    # handed on to where nobody will tell us more
    Action.RELAYED: (Outcome.DELIVERED, News.PROCESSED),
    Action.EXPANDED: (Outcome.DELIVERED, News.PROCESSED),
}
#: what a reader said -> what follows; other feedback is for a person to read
_FEEDBACK = {
    Feedback.ABUSE: (Outcome.COMPLAINED, News.COMPLAINED),
    Feedback.FRAUD: (Outcome.COMPLAINED, News.COMPLAINED),
    Feedback.OPT_OUT: (Outcome.UNSUBSCRIBED, News.UNSUBSCRIBED),
}


def _remember(
    connection: Connection, mails: Sequence[tuple[int, str, bytes]], now: datetime
) -> set[str]:
    """Store reports beside the provider's events, and return the names of those that are new."""
    if not mails:
        return set()
    row = {"events": len(mails), "received": now, "interpreted": now}
    parcel = connection.scalar(parcels.insert().values(row).returning(parcels.c.id))
    rows = [
        {"at": at, "id": name, "parcel": parcel, "raw": _as_text(mail)}
        for (at, name), mail in sorted({(at, name): mail for at, name, mail in mails}.items())
    ]
    stored = connection.execute(
        insert_or_ignore(connection, events).returning(events.c.id), rows
    ).scalars()
    new = set(stored)
    if not new:
        connection.execute(parcels.delete().where(parcels.c.id == parcel))
    return new


def _as_text(mail: bytes) -> str:
    # neither database takes NUL in a text
    return mail[:_RAW_LIMIT].decode("utf-8", "replace").replace("\0", "\ufffd")
