"""Whom a report is about, if it can prove that it is about a mail of ours.

Anybody can write a bounce. So a report is believed only if it holds a token that we
made for one reader: in the return path it was sent to, or in the List-Unsubscribe of
the mail it brings back. Who has that token could end the subscription anyway. Whatever
else a report says, such as an address or a Message-ID one can guess, proves nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, tuple_

from publisher.audience.addresses import parse_address
from publisher.audience.tokens import BadToken, Tokens
from publisher.deliver.feedback.reports import Report
from publisher.deliver.proving import Evidence
from publisher.deliver.states import State
from publisher.errors import AudienceError
from publisher.storage.schema import chunks, deliveries, mailings, subscribers
from publisher.storage.suppressions import email_hash

_MESSAGE_ID = re.compile(r"\d{4}-W\d\d\.(\d{1,18})\.(\d{1,18})@.+")


@dataclass(frozen=True)
class Proof:
    """Whom a report is about, as a token of ours says."""

    subscriber: int
    mailing: int | None = None
    list_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Whom:
    """A reader, as the books know her."""

    hash: str
    list_name: str
    mailing: int | None = None
    attempt: int = 0  #: the last one at mailing her
    since: datetime | None = None  #: when the mailing began
    doubt: Evidence | None = None  #: what a report about her mail proves


def prove(tokens: Tokens, report: Report) -> Proof | None:
    """Return whom a report is about if a token of ours says so."""
    for mark in report.marks:
        try:
            bounced = tokens.read_bounce(mark)
        except BadToken:
            continue
        return Proof(bounced.subscriber, bounced.mailing)
    for link in report.links:
        try:
            claim = tokens.read_unsubscribe(link)
        except BadToken:
            continue
        named = _MESSAGE_ID.fullmatch(report.message_id)
        same = named and int(named[2]) == claim.subscriber
        return Proof(claim.subscriber, int(named[1]) if named and same else None, claim.list_name)
    return None


def people_of(connection: Connection, proofs: Iterable[Proof]) -> dict[Proof, Whom]:
    """Look up whom some proofs are about: as mailed, else as they stand in the list today."""
    wanted = list(dict.fromkeys(proofs))
    mailed = _mailed(connection, wanted)
    ids = [proof.subscriber for proof in wanted]
    known = select(subscribers.c.id, subscribers.c.email_key).where(subscribers.c.id.in_(ids))
    keys = {row.id: row.email_key for row in connection.execute(known)}
    found: dict[Proof, Whom] = {}
    for proof in wanted:
        row = mailed.get((proof.mailing, proof.subscriber))
        if row is not None and row.email:
            # a chunk of one that was tried once: a report on its mail shows that it left
            alone = row.state == State.UNCERTAIN and (row.size, row.attempt) == (1, 1)
            found[proof] = Whom(
                hash=_hash_of(row.email),
                list_name=row.list,
                mailing=row.mailing_id,
                since=row.created,
                attempt=row.attempt or 0,
                doubt=Evidence(mailing_id=row.mailing_id, n=row.n, attempt=1) if alone else None,
            )
        elif proof.subscriber in keys:
            hash = email_hash(keys[proof.subscriber])
            found[proof] = Whom(hash=hash, list_name=proof.list_name)
    return found


def _mailed(connection: Connection, wanted: Iterable[Proof]) -> dict[Any, Any]:
    pairs = [(proof.mailing, proof.subscriber) for proof in wanted if proof.mailing is not None]
    same_chunk = and_(chunks.c.mailing_id == deliveries.c.mailing_id, chunks.c.n == deliveries.c.n)
    rows = connection.execute(
        select(
            deliveries.c.mailing_id,
            deliveries.c.subscriber_id,
            deliveries.c.n,
            deliveries.c.email,
            mailings.c.list,
            mailings.c.created,
            chunks.c.state,
            chunks.c.size,
            chunks.c.attempt,
        )
        .join(mailings, mailings.c.id == deliveries.c.mailing_id)
        .outerjoin(chunks, same_chunk)
        .where(tuple_(deliveries.c.mailing_id, deliveries.c.subscriber_id).in_(pairs))
    )
    return {(row.mailing_id, row.subscriber_id): row for row in rows}


def is_about(whom: Whom, report: Report) -> bool:
    """Whether a report names the reader's address, or none at all."""
    return not report.addresses or whom.hash in map(_hash_of, report.addresses)


def _hash_of(email: str) -> str:
    try:
        return parse_address(email).hash
    except AudienceError:
        return email_hash(email.casefold())
