"""What no single worker owns: taking over what is lost, ending what is through."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from publisher.deliver import ledger, recording
from publisher.deliver.mailing import Mailing, read_mailing, set_state
from publisher.deliver.states import Chunk, State

_HELD = (State.CLAIMED, State.SENDING)


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
    for seen in ledger.chunks_in(connection, mailing.id, *_HELD):
        if not _is_gone(seen, now, is_dead):
            continue
        # its worker may have come back to life, and be writing answers just now
        chunk = ledger.free_chunk(connection, mailing.id, seen.n)
        if chunk and chunk.state in _HELD and _is_gone(chunk, now, is_dead):
            end = chunk.lease_until or now
            recording.give_up(connection, chunk, mailing.list, now=max(now, end))
            taken += 1
    return taken


def _is_gone(chunk: Chunk, now: datetime, is_dead: Callable[[str], bool]) -> bool:
    ended = chunk.lease_until is None or chunk.lease_until <= now
    return ended or bool(chunk.lease_owner and is_dead(chunk.lease_owner))


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
        # held, and looked at again: another may plan or cancel at this very moment
        held = read_mailing(connection, mailing.id, held=True)
        if held.state == "sending" and ledger.next_moment(connection, mailing.id) is None:
            set_state(connection, held, "done", finished=now)
            return "done"
        return held.state
    return mailing.state
