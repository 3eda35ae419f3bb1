"""Read the mailbox of bounces, or one mail from a pipe, into the books."""

import json
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from ssl import SSLContext

from sqlalchemy import Connection

from publisher.audience.tokens import Tokens
from publisher.config import Bounces
from publisher.deliver.feedback.mailboxes import Mailbox, open_mailbox
from publisher.deliver.feedback.mailparts import LONGEST
from publisher.deliver.feedback.scores import rules_of
from publisher.pipeline.bounces.bookkeeping import Outcome, Taken, book
from publisher.pipeline.desk import Desk
from publisher.storage.engine import reading
from publisher.storage.settings import get_setting, put_setting, signing_keys

_log = logging.getLogger(__name__)
_AT_ONCE = 50  #: mails read and booked together
_SHOWN = 20  #: mails left where they are that are named
_REMEMBERED = 20_000  #: keys of mails that are left where they are


@dataclass
class Tally:
    """What a reading of the mailbox came to."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    gone: int = 0  #: readers who are mailed no more
    passed: int = 0  #: mails that an earlier reading left where they are
    left: list[Taken] = field(default_factory=list)  #: the first of those that this one left

    @property
    def read(self) -> int:
        """Mails that were read."""
        return self.counts.total()

    def add(self, taken: Sequence[Taken], gone: int) -> None:
        """Count some mails."""
        self.counts.update(one.outcome for one in taken)
        self.gone += gone
        left = [one for one in taken if not one.outcome.handled]
        self.left = [*self.left, *left][:_SHOWN]


def read_bounces(
    desk: Desk,
    *,
    again: bool = False,
    dry_run: bool = False,
    context: SSLContext | None = None,
) -> Tally:
    """Read the configured mailbox; return what came of its mails.

    What a mail says is committed before the mail is moved or deleted, so a crash in
    between only means that it is read again, and known. Mails that are none of ours stay
    untouched and are not read again, unless `again` says so. `dry_run` changes nothing.
    `context` replaces the system's trusted certificates. Raises `MailboxError`.
    """
    config = desk.publication.delivery.bounces
    tally = Tally()
    box = open_mailbox(
        config, desk.publication.root, desk.secrets.bounces_password, context=context
    )
    with closing(box):
        there = box.keys()
        with reading(desk.engine) as connection:
            known = _left_before(connection, config)
        left = [key for key in there if key in known] if not again else []
        tally.passed = len(left)
        before = set(left)
        todo = [key for key in there if key not in before]
        for start in range(0, len(todo), _AT_ONCE):
            if desk.stopping():
                break
            mails = box.read(todo[start : start + _AT_ONCE])
            taken, gone = take(desk, list(mails.values()), dry_run=dry_run)
            tally.add(taken, gone)
            if not dry_run:
                left += _dispose(box, config, mails, taken)
        if not dry_run and set(left) != known:
            with desk.engine.begin() as connection:
                _note_left(connection, config, left)
    if tally.read and not dry_run:
        _log.info(
            "of %d mails about mails: %d addresses are mailed no more, %d mails left as they are",
            tally.read,
            tally.gone,
            sum(n for outcome, n in tally.counts.items() if not outcome.handled),
        )
    return tally


def take(
    desk: Desk, mails: Sequence[bytes], *, keep_all: bool = False, dry_run: bool = False
) -> tuple[list[Taken], int]:
    """Book some mails in one transaction; return what came of each and how many readers went.

    `keep_all` stores also those that nobody understands, for want of a mailbox.
    """
    tokens = Tokens(signing_keys(desk.engine, desk.secrets))
    rules = rules_of(desk.publication.delivery.bounces)
    short = [mail[:LONGEST] for mail in mails]
    with desk.engine.connect() as connection, connection.begin() as transaction:
        done = book(connection, tokens, short, rules=rules, now=desk.clock(), keep_all=keep_all)
        if dry_run:
            transaction.rollback()
    return done


def _dispose(
    box: Mailbox, config: Bounces, mails: dict[str, bytes], taken: Sequence[Taken]
) -> list[str]:
    """Move or delete what was handled; return the keys of what stays."""
    outcomes = dict(zip(mails, taken, strict=True))
    handled = [key for key, one in outcomes.items() if one.outcome.handled]
    if config.handled is config.handled.LEAVE:
        return list(outcomes)
    box.dispose(handled)
    return [key for key in outcomes if key not in set(handled)]


def _left_before(connection: Connection, config: Bounces) -> set[str]:
    return set(json.loads(get_setting(connection, _memory(config), "[]")))


def _note_left(connection: Connection, config: Bounces, keys: Sequence[str]) -> None:
    put_setting(connection, _memory(config), json.dumps(list(keys)[-_REMEMBERED:]))


def _memory(config: Bounces) -> str:
    """Return the name under which it is remembered what a mailbox was left with."""
    place = (config.kind, config.path, config.host, config.port, config.user, config.folder)
    return f"bounces left {sha256(repr(place).encode()).hexdigest()[:24]}"
