"""The mailing: freeze what was approved, plan its readers, send, and know who got it."""

import re
from collections.abc import Sequence
from datetime import datetime

from publisher.config import Publication, Secrets, SenderKind
from publisher.deliver.sender import Accepted, Answer, Message, Outcome, Recipient, Sender
from publisher.deliver.senders.headers import letter_id
from publisher.errors import DeliveryError


def make_sender(publication: Publication, secrets: Secrets) -> Sender:
    """Return the sender that [delivery] names; raise `DeliveryError` if a secret is missing."""
    delivery = publication.delivery
    match delivery.sender:
        case SenderKind.SENDGRID:
            # the package takes 40 ms to import, and few commands mail
            from publisher.deliver.senders.sendgrid import SendGrid

            if not secrets.sendgrid_api_key:
                raise DeliveryError(
                    "there is no key for SendGrid: set SENDGRID_API_KEY in the environment,"
                    ' or set sender = "outbox" in [delivery] to write files instead'
                )
            if not re.fullmatch(r"[!-~]+", secrets.sendgrid_api_key):
                raise DeliveryError(
                    "SENDGRID_API_KEY holds a space, a line break or a letter that no key has:"
                    " copy the key again, from SG. to its end"
                )
            return SendGrid(
                secrets.sendgrid_api_key,
                delivery.sendgrid,
                batch=delivery.batch,
                timeout_s=delivery.timeout_s,
            )
        case SenderKind.SMTP:
            from publisher.deliver.senders.dkim import load_signer
            from publisher.deliver.senders.smtp import Smtp

            smtp = delivery.smtp
            key = publication.root / smtp.dkim_key if smtp.dkim_key else None
            return Smtp(
                smtp,
                password=secrets.smtp_password,
                timeout_s=delivery.timeout_s,
                signer=load_signer(key, smtp.dkim_selector) if key else None,
            )
        case SenderKind.OUTBOX:
            from publisher.deliver.senders.outbox import Outbox

            return Outbox(publication.root / delivery.outbox, batch=delivery.batch)


def letter_to(
    message: Message, email: str, *, now: datetime, name: str = "", unsubscribe_url: str = ""
) -> Recipient:
    """Return the recipient of a mail outside any mailing: a test, a confirmation, a notice."""
    return Recipient(
        email=email,
        message_id=letter_id(message, email, now),
        name=name,
        unsubscribe_url=unsubscribe_url,
    )


def send_to(
    sender: Sender, message: Message, recipients: Sequence[Recipient], *, now: datetime
) -> tuple[Answer, ...]:
    """Send without the ledger: tests, confirmations, notices to the editors.

    Returns what became of each; see `failures`.
    """
    answers: list[Answer] = []
    batch = sender.capabilities.batch
    try:
        for first in range(0, len(recipients), batch):
            answers += sender.send(message, recipients[first : first + batch], now=now)
    finally:
        sender.close()
    return tuple(answers)


def failures(answers: Sequence[Answer]) -> list[tuple[str, str]]:
    """Return address and reason of everybody whose mail was not accepted."""
    return [
        (recipient.email, _reason(answer.outcome))
        for answer in answers
        if not isinstance(answer.outcome, Accepted)
        for recipient in answer.recipients
    ]


def _reason(outcome: Outcome) -> str:
    return "" if isinstance(outcome, Accepted) else outcome.reason
