"""A worker that is told chunk by chunk what to send, of whatever mailing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from publisher.deliver import ledger, tending
from publisher.deliver.attempting import Hand, Run, Taken, Wait, lease_of, send_taken, take
from publisher.deliver.mailing import Mailing, note, read_mailing, set_state
from publisher.deliver.patience import Patience
from publisher.deliver.sender import Sender
from publisher.deliver.throttle import Limits
from publisher.storage.engine import reading

_AFTER_A_FAILURE = timedelta(seconds=10)  #: of the database


@dataclass(kw_only=True)
class Courier:
    """Sends chunks, and remembers of each mailing what it needs for the next one."""

    engine: Engine
    sender: Sender
    clock: Callable[[], datetime]
    unsubscribe_url: Callable[[int, str], str]
    owner: str  #: unlike that of any other worker, in this process too
    limits: Limits | None = None
    lease: timedelta | None = None
    wait: Callable[[float], None] = time.sleep
    preferences_url: Callable[[int, str], str] = lambda *_: ""
    return_path: Callable[[int, int], str] = lambda *_: ""
    _hands: dict[int, Hand] = field(default_factory=dict)

    def carry(self, mailing_id: int, n: int) -> int:
        """Send chunk `n`, or the next one if another has it; return the readers settled.

        The number is only a hint: the ledger says what may be sent. Nothing is sent while
        the mailing stands still, the provider asks to wait or the limits are used up.
        """
        with reading(self.engine) as connection:
            run = self._run(read_mailing(connection, mailing_id))
        hand = self._hands.get(mailing_id, Hand())
        hold = hand.patience.hold_until
        if hold and hold > self.clock():
            return 0
        try:
            return self._carry(run, n, hand)
        except DBAPIError:
            # the same would happen to every chunk that is rung for
            pause = replace(hand.patience, hold_until=self.clock() + _AFTER_A_FAILURE)
            self._hands[mailing_id] = replace(hand, patience=pause)
            raise

    def _carry(self, run: Run, n: int, hand: Hand) -> int:
        taken = take(run, n) or take(run)
        if not isinstance(taken, Taken):
            if not isinstance(taken, Wait):
                self._close(run)
            return 0
        hand, settled = send_taken(run, taken, hand)
        self._hands[run.mailing.id] = self._stopped(run, hand)
        self._close(run)
        return settled

    def forget(self) -> None:
        """Let go of connections and of the mails that were kept."""
        self._hands.clear()
        self.sender.close()

    def _run(self, mailing: Mailing) -> Run:
        return Run(
            engine=self.engine,
            mailing=mailing,
            sender=self.sender,
            clock=self.clock,
            unsubscribe_url=self.unsubscribe_url,
            owner=self.owner,
            lease=self.lease or lease_of(self.sender),
            limits=self.limits,
            wait=self.wait,
            preferences_url=self.preferences_url,
            return_path=self.return_path,
        )

    def _stopped(self, run: Run, hand: Hand) -> Hand:
        """Stop the mailing for all workers if this one has run out of patience."""
        reason = hand.patience.stop
        if not reason:
            return hand
        with self.engine.begin() as connection:
            mailing = read_mailing(connection, run.mailing.id, held=True)
            if mailing.state == "sending":
                now = self.clock()
                set_state(connection, mailing, "stopped", reason)
                note(connection, mailing, who=self.owner, act="stop", now=now, reason=reason)
        # when an operator lets it go on, it begins with fresh patience
        return Hand(patience=Patience(), messages=hand.messages)

    def _close(self, run: Run) -> None:
        with reading(self.engine) as connection:
            if ledger.next_moment(connection, run.mailing.id) is not None:
                return
        with self.engine.begin() as connection:
            mailing = read_mailing(connection, run.mailing.id)
            if tending.close(connection, mailing, now=self.clock()) in ("done", "cancelled"):
                self._hands.pop(mailing.id, None)
