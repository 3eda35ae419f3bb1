"""Reach the mail server: connect, TLS, login; every way it fails is a sentence."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from publisher.config import Security, SmtpConfig
from publisher.deliver.sender import Outcome, Retry, Stop
from publisher.deliver.senders.smtp_line import Features, Line


class CannotDial(Exception):
    """There is no connection; the outcome says what that means for whoever is left."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass
class Dialler:
    """Opens connections to one server."""

    config: SmtpConfig
    password: str = field(repr=False)
    context: ssl.SSLContext
    timeout_s: float
    clock: Callable[[], float] = monotonic
    _own_name: str = ""

    def dial(self) -> Line:
        """Return a connection that is ready for a mail; raise `CannotDial`."""
        config = self.config
        connection = self._reach()
        try:
            if config.user:
                connection.login(config.user, self.password)
        except smtplib.SMTPAuthenticationError as error:
            connection.close()
            if 400 <= error.smtp_code < 500:
                raise _again(f"{config.host}: {_said(error)}") from None
            raise _stop(
                f"{config.host} refuses the user {config.user}: {_said(error)}:"
                " correct user in [delivery.smtp] or SMTP_PASSWORD"
            ) from None
        except smtplib.SMTPNotSupportedError:
            connection.close()
            raise _stop(
                f"{config.host} offers no login: remove user from [delivery.smtp]"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            connection.close()
            raise _again(f"{config.host}: {error}") from None
        return self._line(connection)

    def _reach(self) -> smtplib.SMTP:
        config = self.config
        try:
            return self._open()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise _again(f"{config.host} closed the connection while TLS began: {error}") from None
        except ssl.SSLError as error:
            raise _stop(_tls_sentence(config, error)) from None
        except smtplib.SMTPNotSupportedError:
            raise _stop(
                f"{config.host} offers no STARTTLS on port {config.port}:"
                ' set security = "tls" (often port 465) in [delivery.smtp]'
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            what = _said(error) if isinstance(error, smtplib.SMTPResponseException) else error
            raise _again(
                f"cannot reach the mail server {config.host}:{config.port}: {what}"
            ) from None

    def _open(self) -> smtplib.SMTP:
        config, timeout = self.config, self.timeout_s
        # smtplib would ask the name service anew for each connection
        self._own_name = self._own_name or _own_name()
        if config.security is Security.TLS:
            secure = smtplib.SMTP_SSL(
                config.host,
                config.port,
                local_hostname=self._own_name,
                timeout=timeout,
                context=self.context,
            )
            secure.ehlo_or_helo_if_needed()
            return secure
        connection = smtplib.SMTP(
            config.host, config.port, local_hostname=self._own_name, timeout=timeout
        )
        try:
            connection.ehlo_or_helo_if_needed()
            if config.security is Security.STARTTLS:
                connection.starttls(context=self.context)
                connection.ehlo_or_helo_if_needed()
        except BaseException:
            connection.close()
            raise
        return connection

    def _line(self, connection: smtplib.SMTP) -> Line:
        """Take the socket from smtplib, which would wait at every word."""
        limit = connection.esmtp_features.get("size", "").strip()
        features = Features(
            pipelining=connection.has_extn("pipelining"),
            size=connection.has_extn("size"),
            size_limit=int(limit) if limit.isascii() and limit.isdigit() else 0,
            utf8=connection.has_extn("smtputf8"),
        )
        connected = connection.sock
        if connected is None:  # the server hung up behind its last word
            raise _again(f"{self.config.host} closed the connection")
        if connection.file:
            connection.file.close()
        connection.file = connection.sock = None
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(
            connected,
            features,
            host=self.config.host,
            timeout_s=self.timeout_s,
            clock=self.clock,
        )


def _own_name() -> str:
    """Return the name to say hello with: RFC 5321, 4.1.4 wants a name with dots or an address."""
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


def _again(reason: str) -> CannotDial:
    return CannotDial(Retry(reason=reason))


def _stop(reason: str) -> CannotDial:
    return CannotDial(Stop(reason=reason))


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(f"{error.smtp_code} {plain}".split())[:500]


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
