"""SMTP: a pool of kept connections, the mail built once, an answer for every single reader."""

import ssl
from collections.abc import Iterator, Sequence
from datetime import datetime

from publisher.config import Security, SmtpConfig
from publisher.deliver.sender import (
    Answer,
    Capabilities,
    Form,
    Message,
    Recipient,
    Reference,
)
from publisher.deliver.senders import verp
from publisher.deliver.senders.dkim import Signer
from publisher.deliver.senders.headers import ascii_domain
from publisher.deliver.senders.loopback import is_loopback
from publisher.deliver.senders.smtp_dialling import Dialler
from publisher.deliver.senders.smtp_line import Job
from publisher.deliver.senders.smtp_mail import Wire, wire
from publisher.deliver.senders.smtp_pool import Pool
from publisher.deliver.senders.smtp_round import Round
from publisher.errors import DeliveryError

# A chunk is what one worker holds at a time; its readers' answers are recorded long
# before it ends, so its size costs no certainty.
BATCH = 250
_SIZE_LIMIT = 25_000_000  #: where most mail servers draw the line
_UNDER_WAY = 2  #: mails a connection: one handed over, and the next one's envelope behind it
_RECORDED = 4  #: answers a connection that are written down together: a write costs a disk's turn
_MOST_RECORDED = 32


class Smtp:
    """Sends through a mail server; the password is SMTP_PASSWORD."""

    def __init__(
        self,
        config: SmtpConfig,
        *,
        password: str = "",
        timeout_s: float = 60.0,
        context: ssl.SSLContext | None = None,
        signer: Signer | None = None,
    ) -> None:
        """Prepare the sender; it connects when it first sends.

        `context` replaces the system's trusted certificates; `signer` signs every mail.
        Raises `DeliveryError` if mail would cross a network unprotected, a user has no
        password, or the address for bounces has no room for a mark.
        """
        if config.security is Security.NONE and not is_loopback(config.host):
            raise DeliveryError(
                f'security = "none" would send mail readable by everybody to {config.host}:'
                ' use "starttls" or "tls" in [delivery.smtp]'
            )
        if config.user and not password:
            raise DeliveryError(
                f"the mail server {config.host} has a user but no password: set SMTP_PASSWORD"
            )
        if config.bounces:
            verp.address(config.bounces, "a" * verp.LONGEST_TOKEN)
        self._config, self._signer = config, signer
        dialler = Dialler(config, password, context or ssl.create_default_context(), timeout_s)
        self._pool = Pool(dialler.dial, config.connections)
        self._window = _UNDER_WAY * config.connections
        recorded = min(_RECORDED * config.connections, _MOST_RECORDED)
        self._wires: dict[int, Wire] = {}
        self.capabilities = Capabilities(
            name="smtp",
            batch=BATCH,
            doubt=self._window + recorded,
            recorded=recorded,
            size_limit=_SIZE_LIMIT,
            timeout_s=timeout_s,
        )

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Send several mails at a time over the kept connections."""
        built = self._wire(message, now)
        fallback = self._config.bounces or message.from_address

        def make_job(number: int, recipient: Recipient) -> Job:
            mail, size = built.mail_of(recipient)
            return Job(
                number=number,
                recipient=recipient,
                sender=ascii_domain(recipient.return_path or fallback),
                to=ascii_domain(recipient.email),
                mail=mail,
                size=size,
            )

        window, host = self._window, self._config.host
        yield from Round(self._pool, recipients, make_job, window=window, host=host).run()

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Return None: mail servers keep no records that could be asked."""
        return None

    def close(self) -> None:
        """End the connections politely; the sender opens new ones when it is used again."""
        self._pool.close()
        self._wires.clear()

    def _wire(self, message: Message, now: datetime) -> Wire:
        """Build the mail, unless it was built for another chunk."""
        built = wire(message, now, signer=self._signer, last=self._wires.pop(id(message), None))
        if len(self._wires) >= len(Form):
            self._wires.clear()
        self._wires[id(message)] = built
        return built
