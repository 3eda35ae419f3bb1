"""SMTP: one kept connection, the mail built once, an answer for every single reader."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import parseaddr
from ipaddress import ip_address

from publisher.config import Security, SmtpConfig
from publisher.deliver.headers import address_problem, ascii_domain
from publisher.deliver.mime import Frame, frame, splice
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Capabilities,
    Deferred,
    Message,
    Outcome,
    Recipient,
    Reference,
    Refused,
    Retry,
    Stop,
    TooLarge,
    Uncertain,
)
from publisher.errors import DeliveryError

# A chunk is what one worker holds at a time and what a lost worker gives back. Every
# reader's answer is recorded before the next is tried, so its size costs no certainty;
# fifty are sent well within one lease.
BATCH = 50
_SIZE_LIMIT = 25_000_000  #: where most mail servers draw the line
_TOO_LARGE = (552, 523)  #: RFC 5321 4.2.2 and the older 523: the message, not the reader
_RECONNECTS = 3


class _Fault(Exception):
    """An answer that is no reader's own: it holds for all who are left."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Smtp:
    """Sends through a mail server; the password is SMTP_PASSWORD."""

    def __init__(
        self,
        config: SmtpConfig,
        *,
        password: str = "",
        timeout_s: float = 60.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare the sender; it connects when it first sends.

        `context` replaces the system's trusted certificates. Raises `DeliveryError` if
        mail would cross a network unprotected, or a user has no password.
        """
        if config.security is Security.NONE and not _is_loopback(config.host):
            raise DeliveryError(
                f'security = "none" would send mail readable by everybody to {config.host}:'
                ' use "starttls" or "tls" in [delivery.smtp]'
            )
        if config.user and not password:
            raise DeliveryError(
                f"the mail server {config.host} has a user but no password: set SMTP_PASSWORD"
            )
        self._config = config
        self._password = password
        self._context = context or ssl.create_default_context()
        self._connection: smtplib.SMTP | None = None
        self.capabilities = Capabilities(
            name="smtp", batch=BATCH, doubt=1, size_limit=_SIZE_LIMIT, timeout_s=timeout_s
        )

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Send one mail after the other on the kept connection."""
        built = frame(message, now, embed=message.embed)
        for number, recipient in enumerate(recipients):
            try:
                outcome = self._send_one(built, recipient)
            except _Fault as fault:
                yield Answer(tuple(recipients[number:]), fault.outcome)
                return
            yield Answer((recipient,), outcome)

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Return None: mail servers keep no records that could be asked."""
        return None

    def close(self) -> None:
        """End the connection politely."""
        connection, self._connection = self._connection, None
        if connection:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _send_one(self, built: Frame, recipient: Recipient) -> Outcome:
        lost = ""
        for _ in range(_RECONNECTS):
            connection = self._connect()
            try:
                return self._converse(connection, built, recipient)
            except _LostBefore as error:
                # nothing was handed over: servers close kept connections after a while
                self._connection = None
                connection.close()
                lost = str(error)
        raise _Fault(Retry(reason=f"{self._config.host} drops the connection: {lost}"))

    def _converse(self, connection: smtplib.SMTP, built: Frame, recipient: Recipient) -> Outcome:
        utf8 = connection.has_extn("smtputf8")
        problem = address_problem(recipient.email, smtputf8=utf8)
        if problem:
            return Refused(reason=problem)
        address = ascii_domain(recipient.email)
        mail = splice(built, recipient)
        limit = int(connection.esmtp_features.get("size") or 0)
        if limit and len(mail) > limit:
            raise _Fault(TooLarge(reason=f"{self._config.host} takes at most {limit} bytes"))
        options = [f"SIZE={len(mail)}"] if connection.has_extn("size") else []
        if not address.isascii():
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            connection.command_encoding = "utf-8"
        try:
            code, text = _asked(connection.mail, ascii_domain(_sender_of(built)), options)
            if code != 250:
                raise _Fault(self._sender_refused(code, text))
            code, text = _asked(connection.rcpt, address)
            if code not in (250, 251):
                _asked(connection.rset)
                return _reader_refused(code, text)
            code, text = _asked(connection.docmd, "DATA")
            if code != 354:
                _asked(connection.rset)
                return self._mail_refused(code, text)
            return self._hand_over(connection, mail)
        finally:
            connection.command_encoding = "ascii"

    def _hand_over(self, connection: smtplib.SMTP, mail: bytes) -> Outcome:
        stuffed = re.sub(rb"(?m)^\.", b"..", mail)
        if not stuffed.endswith(b"\r\n"):
            stuffed += b"\r\n"
        try:
            connection.send(stuffed + b".\r\n")
        except smtplib.SMTPServerDisconnected as error:
            # without the final dot the server must not deliver (RFC 5321, 4.1.1.4)
            raise _LostBefore(error) from None
        try:
            code, text = connection.getreply()
        except smtplib.SMTPException as error:
            self._connection = None
            connection.close()
            return Uncertain(
                reason=f"{self._config.host} had the whole mail and gave no answer: {error}"
            )
        if code == -1:
            self._connection = None
            connection.close()
            return Uncertain(reason=f"{self._config.host} answered the mail with no reply code")
        if 200 <= code < 300:
            return Accepted(provider_id=_plain(text)[:200])
        return self._mail_refused(code, text)

    def _connect(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        config = self._config
        try:
            connection = self._open()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise _Fault(
                Retry(reason=f"{config.host} closed the connection while TLS began: {error}")
            ) from None
        except ssl.SSLError as error:
            raise _Fault(Stop(reason=_tls_sentence(config, error))) from None
        except smtplib.SMTPNotSupportedError:
            raise _Fault(
                Stop(
                    reason=f"{config.host} offers no STARTTLS on port {config.port}:"
                    ' set security = "tls" (often port 465) in [delivery.smtp]'
                )
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _Fault(
                Retry(reason=f"cannot reach the mail server {config.host}:{config.port}: {error}")
            ) from None
        try:
            if config.user:
                connection.login(config.user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            connection.close()
            if 400 <= error.smtp_code < 500:
                raise _Fault(Retry(reason=f"{config.host}: {_said(error)}")) from None
            raise _Fault(
                Stop(
                    reason=f"{config.host} refuses the user {config.user}: {_said(error)}:"
                    " correct user in [delivery.smtp] or SMTP_PASSWORD"
                )
            ) from None
        except smtplib.SMTPNotSupportedError:
            connection.close()
            raise _Fault(
                Stop(reason=f"{config.host} offers no login: remove user from [delivery.smtp]")
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            connection.close()
            raise _Fault(Retry(reason=f"{config.host}: {error}")) from None
        self._connection = connection
        return connection

    def _open(self) -> smtplib.SMTP:
        config, timeout = self._config, self.capabilities.timeout_s
        if config.security is Security.TLS:
            secure = smtplib.SMTP_SSL(
                config.host, config.port, timeout=timeout, context=self._context
            )
            secure.ehlo_or_helo_if_needed()
            return secure
        connection = smtplib.SMTP(config.host, config.port, timeout=timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if config.security is Security.STARTTLS:
                connection.starttls(context=self._context)
                connection.ehlo_or_helo_if_needed()
        except BaseException:
            connection.close()
            raise
        return connection

    def _sender_refused(self, code: int, text: bytes) -> Outcome:
        self.close()
        if code in _TOO_LARGE:
            return TooLarge(reason=_answer(code, text))
        if 400 <= code < 500:
            return Retry(reason=f"{self._config.host}: {_answer(code, text)}")
        return Stop(
            reason=f"{self._config.host} refuses the sender's address: {_answer(code, text)}:"
            " correct address in [sender], or user in [delivery.smtp]"
        )

    def _mail_refused(self, code: int, text: bytes) -> Outcome:
        if code in _TOO_LARGE:
            raise _Fault(TooLarge(reason=_answer(code, text)))
        return _reader_refused(code, text)


class _LostBefore(Exception):
    """The connection broke before the mail was handed over."""


def _asked(command: object, *arguments: object) -> tuple[int, bytes]:
    try:
        code, text = command(*arguments)  # type: ignore[operator]  # smtplib's own commands
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise _LostBefore(error) from None
    except smtplib.SMTPResponseException as error:
        raise _LostBefore(_said(error)) from None
    if code in (421, -1):
        raise _LostBefore(_answer(code, text))
    return code, text


def _reader_refused(code: int, text: bytes) -> Outcome:
    if 400 <= code < 500:
        return Deferred(reason=_answer(code, text))
    return Refused(reason=_answer(code, text))


def _sender_of(built: Frame) -> str:
    return parseaddr(built.message.from_address)[1]


def _answer(code: int, text: bytes) -> str:
    return f"{code} {_plain(text)}"[:500]


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return _answer(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())


def _plain(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())


def _tls_sentence(config: SmtpConfig, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {config.host} is not to be trusted: {error.verify_message}:"
            " use the name the certificate was made for as host in [delivery.smtp]"
        )
    return (
        f"{config.host} does not speak TLS on port {config.port}: {error.reason}:"
        " look at port and security in [delivery.smtp] (465 is tls, 587 starttls)"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
