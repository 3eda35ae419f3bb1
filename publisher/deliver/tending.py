"""What no single worker owns: taking over what is lost, ending what is through."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from publisher.deliver import ledger, recording
from publisher.deliver.mailing import Mailing, read_mailing, set_state
from publisher.deliver.states import State


def take_back(
    connection: Connection,
    mailing: Mailing,
    *,
    now: datetime,
    is_dead: Callable[[str], bool] = lambda _: False,
) -> int:
    """Take the chunks of workers that are gone, and return how many those were.

    Gone is whose lease has run out, or of whom `is_dead` knows it.
    """
    taken = 0
    for chunk in ledger.chunks_in(connection, mailing.id, State.CLAIMED, State.SENDING):
        end = chunk.lease_until or now
        if end <= now or (chunk.lease_owner and is_dead(chunk.lease_owner)):
            recording.give_up(connection, chunk, mailing.list, now=max(now, end))
            taken += 1
    return taken


def next_moment(connection: Connection, mailing_id: int) -> datetime | None:
    """Return when there may be something to do for a mailing; None if all is settled."""
    moment = ledger.next_moment(connection, mailing_id)
    hold = read_mailing(connection, mailing_id).hold_until
    return max(moment, hold) if moment and hold else moment


def close(connection: Connection, mailing: Mailing, *, now: datetime) -> str:
    """End a mailing of which nothing is left to send; return its state.

    Of a cancelled one, what came back from its workers is cancelled as well.
    """
    if mailing.state == "cancelled":
        ledger.cancel_planned(connection, mailing.id, now)
    elif mailing.state == "sending" and ledger.next_moment(connection, mailing.id) is None:
        set_state(connection, mailing, "done", finished=now)
        return "done"
    return mailing.state
