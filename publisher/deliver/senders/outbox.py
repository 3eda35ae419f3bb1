"""The outbox: every mail becomes an .eml file that any mail program opens, even offline."""

import errno
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from publisher.content.files import save
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Capabilities,
    Message,
    Recipient,
    Reference,
    Refused,
    Stop,
)
from publisher.deliver.senders.headers import address_problem
from publisher.deliver.senders.mime import frame, splice


class Outbox:
    """Writes mails into a folder, one file for each Message-ID.

    A mail that is tried again overwrites its own file, so nobody is ever in doubt.
    """

    def __init__(self, folder: Path, *, batch: int = 500) -> None:
        self.folder = folder
        self.capabilities = Capabilities(
            name="outbox",
            batch=batch,
            doubt=0,
            size_limit=1_000_000_000,
            timeout_s=60.0,
            idempotent=True,
        )

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Write one file for each recipient; a disk that refuses stops the mailing."""
        built = frame(message, now, embed=True)
        folder = self.folder / message.week if message.week else self.folder
        for number, recipient in enumerate(recipients):
            problem = address_problem(recipient.email, smtputf8=True)
            if problem:
                yield Answer((recipient,), Refused(reason=problem))
                continue
            path = folder / file_name(recipient.message_id)
            try:
                save(path, splice(built, recipient))
            except OSError as error:
                yield Answer(tuple(recipients[number:]), Stop(reason=_sentence(folder, error)))
                return
            yield Answer((recipient,), Accepted(provider_id=path.name))

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Return None: nobody is in doubt here."""
        return None

    def close(self) -> None:
        """Do nothing; files are closed as they are written."""


def file_name(message_id: str) -> str:
    """Return the file of a mail: its Message-ID without the domain."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", message_id.partition("@")[0]).lstrip(".") + ".eml"


def _sentence(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"there is no room left on the disk for {folder}: make some and send again"
    return (
        f"cannot write mails into {folder}: {error.strerror}:"
        " give this user the right to write there, or set outbox in [delivery]"
    )
