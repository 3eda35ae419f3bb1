"""How a proof is told: the same plain words in the terminal and on the page."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.deliver.figures import Figures, Hour
from publisher.deliver.incidents import Settlement
from publisher.pipeline.telling.proof import Proof

#: what each state of the certificate means to somebody who has not read the manual
MEANINGS = {
    "accepted": "taken over by the mail service or server",
    "suppressed": "left out: unsubscribed, blocked, or their address had failed",
    "refused": "not taken, with a reason",
    "uncertain": "sent, but the answer was lost: nobody knows",
    "cancelled": "the mailing was ended before their turn",
    "waiting": "still to be sent",
}
FATES = {
    "delivered": "their provider took it",
    "deferred": "put off; it is tried again",
    "blocked": "refused for now",
    "dropped": "never tried",
    "bounced": "came back",
    "unheard": "nothing is known yet",
}
NOBODY_TELLS = (
    "Nobody has told us what became of the mails. For SendGrid set webhook_key in"
    " [delivery.sendgrid]; for SMTP have `publisher bounces` read what comes back."
)
_EVIDENCE = {
    "event": "an event of the provider’s proved it",
    "records": "the provider’s own records proved it",
    "silence": "events of every other chunk had come in, and of this one none",
    "word": "on an operator’s word",
}


def share(number: int, whole: int) -> str:
    """Write a share so that what is little is not nothing: 43.1 %, 0.04 %; empty of nothing."""
    if not whole:
        return ""
    percent = 100 * number / whole
    if number and percent < 0.005:
        return "under 0.01\u00a0%"
    # what is not all must not be rounded to all
    if number < whole and percent >= 99.95:
        return "over 99.9\u00a0%"
    if number in (0, whole):
        return f"{percent:.0f}\u00a0%"
    return f"{percent:.2f}\u00a0%" if percent < 0.95 else f"{percent:.1f}\u00a0%"


def headline(proof: Proof) -> str:
    """Say in one line how the issue fared; no more than is known."""
    certificate, delivered = proof.certificate, proof.figures.tally.delivered
    whole = certificate.intended
    if not whole:
        return "Nobody was meant to get it"
    if certificate.waiting:
        return f"{certificate.waiting:,} of {whole:,} readers are still waiting"
    if not proof.figures.heard:
        all_of = "Every mail" if certificate.accepted == whole else f"{certificate.accepted:,}"
        rest = "" if certificate.accepted == whole else f" of {whole:,} mails"
        return f"{all_of}{rest} {'was' if not rest else 'were'} accepted"
    if delivered == whole:
        return f"All {whole:,} readers have it"
    return f"{delivered:,} of {whole:,} readers have it"


def settlement(one: Settlement) -> str:
    """Say how a doubt ended."""
    whom = f", {one.readers:,} readers" if one.readers else ""
    why = _EVIDENCE.get(one.evidence, one.evidence)
    how = "had been mailed" if one.how == "mailed" else "sent again"
    return f"Chunk {one.chunk}, attempt {one.attempt}{whom}: {how} ({one.who}; {why})"


def half_by(hours: Sequence[Hour], later: Hour, what: str) -> int | None:
    """Return within how many hours half of all that ever happened had; None if it did later."""
    numbers = [getattr(hour, what) for hour in hours]
    whole, so_far = sum(numbers) + getattr(later, what), 0
    for place, number in enumerate(numbers, 1):
        so_far += number
        if whole and so_far * 2 >= whole:
            return place
    return None


def pace(figures: Figures, zone: ZoneInfo) -> str:
    """Say when the issue was opened and read; empty if nobody did."""
    parts = []
    hours = half_by(figures.hours, figures.later, "opened")
    if hours:
        within = "the first hour" if hours == 1 else f"{hours} hours"
        parts.append(f"Half of those who opened the mail had done so within {within}.")
    clicks = [hour.clicked for hour in figures.hours]
    if any(clicks) and figures.began:
        busiest = max(range(len(clicks)), key=clicks.__getitem__)
        parts.append(
            f"Most went on to read {after(busiest)}, from {clock(figures.began, busiest, zone)} on."
        )
    return " ".join(parts)


def after(hours: int) -> str:
    """Say how long after the sending began an hour lies."""
    return "in the first hour" if not hours else f"in hour {hours + 1}"


def clock(began: datetime, hours: int, zone: ZoneInfo) -> str:
    """Write the clock of the hour so many after the sending began, such as Sat 07:00."""
    moment = datetime.fromtimestamp(began.timestamp() + 3600 * hours, zone)
    return f"{moment:%a %H:%M}"
