"""When a worker pauses and when it gives up, decided from the answers it has had in a row."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.deliver.sender import Accepted, Outcome, Refused, Retry, Stop, Uncertain

MAX_RETRIES = 8  #: pauses in a row, about twenty minutes, before the operator is asked
MAX_UNCERTAIN = 3  #: each of them leaves a whole chunk in doubt
MAX_REFUSED = 50  #: so many in a row are no bad addresses but a bad mail


@dataclass(frozen=True, kw_only=True)
class Patience:
    """What a worker remembers of the last answers."""

    retries: int = 0
    uncertain: int = 0
    refused: int = 0
    hold_until: datetime | None = None  #: claim nothing before
    stop: str = ""  #: why the mailing must stop; empty to go on


def after(patience: Patience, outcome: Outcome, now: datetime) -> Patience:
    """Return the patience that is left after an answer."""
    match outcome:
        case Accepted():
            return Patience()
        case Stop(reason=reason):
            return replace(patience, stop=reason)
        case Retry(reason=reason, at=at):
            retries = patience.retries + 1
            if retries > MAX_RETRIES:
                return replace(patience, retries=retries, stop=f"{reason} (tried {retries} times)")
            return replace(patience, retries=retries, hold_until=at or now + _pause(retries))
        case Uncertain(reason=reason):
            uncertain = patience.uncertain + 1
            if uncertain >= MAX_UNCERTAIN:
                return replace(
                    patience,
                    uncertain=uncertain,
                    stop=f"{reason} ({uncertain} times in a row): look whether the mail"
                    " service is well, then send again; those in doubt are kept apart",
                )
            return replace(patience, uncertain=uncertain, hold_until=now + _pause(uncertain))
        case Refused(reason=reason):
            refused = patience.refused + 1
            if refused >= MAX_REFUSED:
                return replace(
                    patience,
                    refused=refused,
                    stop=f"{refused} refusals in a row, so it is the mail and not the readers:"
                    f" {reason}",
                )
            return replace(patience, refused=refused)
        case _:
            return patience


def _pause(times: int) -> timedelta:
    return timedelta(seconds=min(5 * 2 ** (times - 1), 300))
