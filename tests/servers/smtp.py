"""A mail server to test against: aiosmtpd with the moods of real ones."""

import asyncio
import email
import email.policy
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "publisher", "open sesame"


@dataclass
class SmtpServer:
    """What the server was told, and how it shall answer."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[tuple[str, bytes]] = field(default_factory=list)  #: recipient and bytes
    sessions: int = 0
    #: answers to RCPT TO by address, each used once if it stands in a list
    at_rcpt: dict[str, list[str]] = field(default_factory=dict)
    at_sender: str = ""
    at_data: dict[str, list[str]] = field(default_factory=dict)  #: after the final dot
    drop_after_dot: set[str] = field(default_factory=set)  #: accepts, then hangs up
    silent_after_dot: set[str] = field(default_factory=set)  #: accepts, then says nothing
    hang_up_before: set[str] = field(default_factory=set)  #: hangs up once at RCPT TO
    senders: list[str] = field(default_factory=list)  #: of the envelopes
    open: int = 0  #: connections right now
    most: int = 1000  #: connections at a time; others are greeted with 421
    mails_each: int = 1_000_000  #: mails a connection may bring, then it hears 421

    watch: Callable[[], bool] = lambda: False  #: called after each mail was taken

    @property
    def doubled(self) -> list[str]:
        """The addresses that were mailed more than once."""
        return [to for to, times in Counter(to for to, _ in self.mails).items() if times > 1]

    def mail_to(self, address: str) -> EmailMessage:
        """Return the one mail to this address, parsed."""
        found = [raw for to, raw in self.mails if to == address]
        assert len(found) == 1, f"{len(found)} mails to {address}"
        return parsed(found[0])


def parsed(raw: bytes) -> EmailMessage:
    """Read a mail as a mail program does."""
    return email.message_from_bytes(raw, policy=email.policy.default)


class _Handler:
    def __init__(self, service: SmtpServer, pipelining: bool) -> None:
        self.service, self.pipelining = service, pipelining

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, host: str, answers: list[str]
    ) -> list[str]:
        self.service.sessions += 1
        session.host_name = host
        return [answers[0], "250-PIPELINING", *answers[1:]] if self.pipelining else answers

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.service.at_sender:
            return self.service.at_sender
        if server.__dict__.get("taken", 0) >= self.service.mails_each:
            return "421 4.7.0 too many mails on this connection"
        self.service.senders.append(address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.service.hang_up_before:
            self.service.hang_up_before.discard(address)
            _hang_up(server)
        answers = self.service.at_rcpt.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        to = envelope.rcpt_tos[0]
        answers = self.service.at_data.get(to)
        if answers:
            return answers.pop(0)
        self.service.mails.append((to, cast(bytes, envelope.content)))
        server.__dict__["taken"] = server.__dict__.get("taken", 0) + 1
        self.service.watch()
        if to in self.service.drop_after_dot:
            self.service.drop_after_dot.discard(to)
            _hang_up(server)
        if to in self.service.silent_after_dot:
            await asyncio.sleep(5)  # ends with the connection, which the client gives up
        return "250 2.0.0 queued"


class _Counted(SMTP):
    """Knows how many others are connected; a crowded server says so instead of hello."""

    service: SmtpServer

    async def _handle_client(self) -> None:
        self.service.open += 1
        try:
            if self.service.open > self.service.most:
                await self.push("421 4.7.0 too many connections from you")
                assert isinstance(self.transport, asyncio.WriteTransport)
                self.transport.close()
                return
            await super()._handle_client()
        finally:
            self.service.open -= 1


class _Controller(Controller):
    service: SmtpServer

    def factory(self) -> SMTP:
        made = _Counted(self.handler, **self.SMTP_kwargs)
        made.service = self.service
        return made


def _hang_up(server: SMTP) -> None:
    transport = server.transport
    assert isinstance(transport, asyncio.WriteTransport)
    transport.abort()


@contextmanager
def smtp_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
    size: int = 33_554_432,
    smtputf8: bool = False,
    pipelining: bool = False,
) -> Iterator[SmtpServer]:
    """Run a mail server in a thread; `login` wants `USER` and `PASSWORD`."""
    service = SmtpServer()

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    controller = _Controller(
        _Handler(service, pipelining),
        hostname=service.host,
        port=_free_port(),
        ssl_context=tls,
        tls_context=starttls,
        authenticator=authenticate if login else None,
        auth_required=login,
        auth_require_tls=True,
        data_size_limit=size,
        enable_SMTPUTF8=smtputf8,
        loop=asyncio.new_event_loop(),
    )
    controller.service = service
    controller.start()
    service.port = controller.port
    try:
        yield service
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; return the server's context and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
