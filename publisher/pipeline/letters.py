"""Single mails, outside any mailing: drafts and bad news for editors, links for readers."""

import logging
from collections.abc import Sequence
from pathlib import Path

from publisher.deliver import failures, letter_to, send_to
from publisher.deliver.sender import Attachment, Message
from publisher.errors import DeliveryError
from publisher.pipeline.desk import Desk
from publisher.pipeline.making import Made
from publisher.problems import Problem
from publisher.render.message import Parts
from publisher.render.notices import draft_notice, held_notice
from publisher.render.templates import environment
from publisher.week import Week

_log = logging.getLogger(__name__)


def send_letter(
    desk: Desk,
    to: Sequence[str],
    parts: Parts,
    attachments: Sequence[Attachment] = (),
    unsubscribe_url: str = "",
) -> None:
    """Mail something to a few people; raise `DeliveryError` naming whoever was not mailed."""
    sender = desk.publication.sender
    message = Message(
        subject=parts.subject,
        html=parts.html,
        text=parts.text,
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        postal=sender.postal,
        attachments=tuple(attachments),
    )
    deliver_letter(desk, message, to, unsubscribe_url)


def deliver_letter(
    desk: Desk, message: Message, to: Sequence[str], unsubscribe_url: str = ""
) -> None:
    """Hand a mail to the sender for a few people; see `send_letter`."""
    now = desk.clock()
    people = [letter_to(message, e, now=now, unsubscribe_url=unsubscribe_url) for e in to]
    failed = failures(send_to(desk.sender(), message, people, now=now))
    if failed:
        listed = "; ".join(f"{email}: {reason}" for email, reason in failed)
        raise DeliveryError(f"not mailed: {listed}")


def announce_draft(desk: Desk, made: Made, problems: Sequence[Problem]) -> None:
    """Show the editors the draft, with the PDF."""
    schedule = desk.publication.schedule
    if not schedule.editors:
        return
    parts = draft_notice(
        environment(desk.publication),
        made.issue,
        made.rendered,
        list(problems),
        send_at=schedule.send.in_week(made.issue.week, desk.publication.timezone),
    )
    magazine = made.edition("magazine")
    files = [_pdf(magazine.files[0])] if magazine else []
    limit = desk.publication.delivery.attach_limit_mb * 1e6
    send_letter(
        desk, schedule.editors, parts, [file for file in files if len(file.content) <= limit]
    )


def announce_hold(
    desk: Desk,
    week: Week,
    reason: str,
    *,
    number: int | None = None,
    steps: Sequence[str] = (),
    commands: Sequence[str] = (),
) -> None:
    """Tell the editors why an issue waits; a mail that cannot go out is only logged.

    `steps` are what they must do, in sentences; `commands` are to be typed afterwards.
    The reason stands in the database as well, where `publisher status` shows it.
    """
    if not desk.publication.schedule.editors:
        return
    parts = held_notice(
        environment(desk.publication), week, reason, number=number, steps=steps, commands=commands
    )
    try:
        send_letter(desk, desk.publication.schedule.editors, parts)
    except DeliveryError as error:
        _log.warning("the editors could not be told that %s is held: %s", week, error)


def _pdf(path: Path) -> Attachment:
    return Attachment(name=path.name, media_type="application/pdf", content=path.read_bytes())
