"""What the tests of SMTP share: a sender at a server, and what it says of each reader."""

from collections.abc import Iterator
from contextlib import contextmanager

from publisher.config import Security, SmtpConfig
from publisher.deliver.sender import (
    Accepted,
    Attachment,
    Outcome,
    Recipient,
)
from publisher.deliver.senders.smtp import Smtp
from tests.deliver.world import START, issue_mail

BIG = Attachment(name="issue.pdf", media_type="application/pdf", content=b"%PDF.\r\n" * 900_000)


def config(port: int, **options: object) -> SmtpConfig:
    """Return the settings for a server on loopback."""
    return SmtpConfig(host="127.0.0.1", port=port, security=Security.NONE, **options)  # type: ignore[arg-type]  # checked when called


@contextmanager
def sending(port: int, *, timeout_s: float = 10, **options: object) -> Iterator[Smtp]:
    """Give a sender and close it."""
    sender = Smtp(config(port, **options), timeout_s=timeout_s)
    try:
        yield sender
    finally:
        sender.close()


def outcomes(sender: Smtp, readers: list[Recipient], **changes: object) -> list[Outcome]:
    """Return what became of each reader, in their order."""
    answers = list(sender.send(issue_mail(**changes), readers, now=START))
    found = {r.subscriber_id: a.outcome for a in answers for r in a.recipients}
    assert sum(len(a.recipients) for a in answers) == len(found)
    return [found[reader.subscriber_id] for reader in readers]


def all_accepted(found: list[Outcome]) -> bool:
    """Whether every mail was taken."""
    return all(isinstance(outcome, Accepted) for outcome in found)
