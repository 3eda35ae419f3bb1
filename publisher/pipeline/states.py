"""The states of an issue, and which may follow which."""

from enum import StrEnum

from publisher.errors import PublisherError


class State(StrEnum):
    """How far an issue has come; see ARCHITECTURE.md, States."""

    OPEN = "open"
    COMPOSED = "composed"
    RENDERED = "rendered"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"


#: states in which articles and layout may still change
EDITABLE = frozenset({State.OPEN, State.COMPOSED, State.RENDERED})

_FOLLOWING = {
    State.OPEN: {State.COMPOSED, State.HELD},
    State.COMPOSED: {State.COMPOSED, State.RENDERED, State.HELD},
    State.RENDERED: {State.COMPOSED, State.RENDERED, State.APPROVED, State.HELD},
    State.APPROVED: {State.SENDING, State.HELD, State.RENDERED},
    State.SENDING: {State.SENDING, State.SENT, State.HELD},
    State.SENT: {State.SENDING, State.SENT},
    State.HELD: frozenset(),
}


class IllegalMove(PublisherError):
    """The issue cannot go from one state to the other."""

    exit_code = 3


def check_move(week: object, old: State, new: State, held_state: State | None = None) -> None:
    """Raise `IllegalMove` unless the state may follow; a held issue goes back where it was."""
    allowed = {held_state} if old is State.HELD else _FOLLOWING[old]
    if new in allowed:
        return
    if old is State.HELD:
        hint = f"lift the hold first: `publisher release --week {week}`"
    elif old in (State.APPROVED, State.SENDING, State.SENT):
        hint = (
            f"it was frozen when it was approved: `publisher reopen --week {week}` thaws it"
            if old is State.APPROVED
            else "what readers have got cannot be changed"
        )
    else:
        hint = f"run `publisher render --week {week}` first"
    raise IllegalMove(f"issue {week} is {old}: {hint}")
