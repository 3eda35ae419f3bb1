"""A SendGrid to test against: a real HTTP server that holds the rules of v3 Mail Send.

It answers as the documented service does, does something wrong on request, and remembers
what it accepted. Runs in a thread (`sendgrid_server`) or, for benchmarks, as a process
of its own: `python -m tests.servers.sendgrid`.
"""

import argparse
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "SG.test-key"
_LIMIT = 30_000_000
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type"),
    *("content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc"),
}
_KNOWN = {
    *("personalizations", "from", "reply_to", "reply_to_list", "subject", "content"),
    *("attachments", "template_id", "headers", "categories", "custom_args", "send_at"),
    *("batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings"),
}
_QUERY = re.compile(r"to_email = '([^']*)' AND categories IN \('([^']*)'\)")


class Fault(Enum):
    """What goes wrong with a request."""

    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    TOO_LARGE = 413
    TOO_MANY = 429
    SERVER_ERROR = 500
    UNAVAILABLE = 503
    REDIRECT = 302
    PLAIN_200 = 200
    HANG = "hang"  #: reads the request and says nothing
    DROP_ANSWER = "drop"  #: accepts, then closes the connection without a word
    RESET = "reset"  #: resets the connection in the middle of the body, accepting nothing
    HALF_ERROR = "half"  #: begins a 400 and breaks off


@dataclass
class Accepted:
    """One mail the server took over."""

    email: str
    headers: dict[str, str]
    substitutions: dict[str, str]
    custom_args: dict[str, str]
    categories: list[str]
    message_id: str


@dataclass
class SendGridServer:
    """The running server."""

    url: str = ""
    keep: bool = True  #: whether to remember mails and bodies, or count only
    bodies: list[dict[str, Any]] = field(default_factory=list)  #: of accepted requests
    answers: list[int] = field(default_factory=list)  #: every status given, 0 for none
    accepted: list[Accepted] = field(default_factory=list)
    mails: Counter[str] = field(default_factory=Counter)  #: accepted mails by address
    faults: list[Fault] = field(default_factory=list)  #: one for each of the next requests
    #: a fault for a request by its body, asked after `faults`
    judge: Callable[[dict[str, Any]], Fault | None] = lambda _: None
    poisoned: set[str] = field(default_factory=set)  #: addresses the server calls invalid
    names_culprits: bool = True  #: whether a 400 names the personalization
    verified: set[str] | None = None  #: sender identities; None takes any
    attachment_limit: int = _LIMIT
    reset_after: float = 1.0  #: seconds until X-RateLimit-Reset
    log: bool = True  #: whether POST /v3/logs knows what was accepted
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def doubled(self) -> list[str]:
        """The addresses that were mailed more than once."""
        return [email for email, times in self.mails.items() if times > 1]

    def accept(self, body: dict[str, Any]) -> str:
        """Take over the mails of a request and return its X-Message-Id."""
        with self.lock:
            message_id = f"sg{len(self.answers):06d}x{len(self.mails):06d}"
            for person in body["personalizations"]:
                email = person["to"][0]["email"]
                self.mails[email] += 1
                if self.keep:
                    self.accepted.append(
                        Accepted(
                            email=email,
                            headers=person.get("headers", {}),
                            substitutions=person.get("substitutions", {}),
                            custom_args={
                                **body.get("custom_args", {}),
                                **person.get("custom_args", {}),
                            },
                            categories=body.get("categories", []),
                            message_id=message_id,
                        )
                    )
            if self.keep:
                self.bodies.append(body)
        return message_id


def complaints(body: Any, server: SendGridServer) -> list[tuple[str, str | None]]:
    """Return what v3 Mail Send finds wrong with a body: message and field."""
    if not isinstance(body, dict):
        return [("Bad Request", None)]
    found = [(f"Invalid field: {name}", name) for name in body if name not in _KNOWN]
    found += _about_people(body, server) + _about_mail(body)
    custom = body.get("custom_args", {})
    for place, person in enumerate(body.get("personalizations", [])):
        merged = {**custom, **person.get("custom_args", {})}
        where = f"personalizations.{place}.custom_args"
        if not all(isinstance(v, str) and v for v in merged.values()):
            found.append(("The custom_args values must be non-empty strings.", where))
        if len(json.dumps(merged).encode()) > 10_000:
            found.append(("The custom_args must not exceed 10,000 bytes.", where))
    return [(message, where if server.names_culprits else None) for message, where in found]


def _about_people(body: dict[str, Any], server: SendGridServer) -> list[tuple[str, str]]:
    people = body.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        return [("There must be 1 to 1000 personalizations.", "personalizations")]
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    for place, person in enumerate(people):
        where = f"personalizations.{place}"
        everybody = [a for kind in ("to", "cc", "bcc") for a in person.get(kind, [])]
        if not person.get("to"):
            found.append(("The to array is required for all personalizations.", f"{where}.to"))
        for address in everybody:
            email = address.get("email", "")
            if email.lower() in seen:
                found.append(("Each email address should be unique.", where))
            seen.add(email.lower())
            if not _EMAIL.fullmatch(email) or email in server.poisoned:
                found.append(("Does not contain a valid address.", f"{where}.to.0.email"))
            if re.search(r"[;,]", address.get("name", "")):
                found.append(("The name must not contain ; or ,", f"{where}.to.0.name"))
        texts = person.get("substitutions", {})
        if not all(isinstance(v, str) for v in texts.values()):
            found.append(("Substitutions must be strings.", f"{where}.substitutions"))
        if len("".join(f"{k}{v}" for k, v in texts.items()).encode()) > 10_000:
            found.append(("Substitutions exceed 10000 bytes.", f"{where}.substitutions"))
        found += _about_headers(person.get("headers", {}), f"{where}.headers")
    if len(seen) > 1000:
        found.append(("There are more than 1000 recipients.", "personalizations"))
    return found


def _about_headers(headers: dict[str, Any], where: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in headers.items():
        if name.lower() in _RESERVED:
            found.append((f"The header {name} is reserved.", where))
        if not isinstance(value, str) or not value.isascii() or re.search(r"[\r\n]", value):
            found.append((f"The header {name} is not properly encoded.", where))
    return found


def _about_mail(body: dict[str, Any]) -> list[tuple[str, str]]:
    found = _about_headers(body.get("headers", {}), "headers")
    if not _EMAIL.fullmatch(body.get("from", {}).get("email", "")):
        found.append(("The from object must be provided with a valid email.", "from.email"))
    if not body.get("subject"):
        found.append(("The subject is required.", "subject"))
    kinds = [part.get("type") for part in body.get("content", [])]
    if not kinds or not all(part.get("value") for part in body["content"]):
        found.append(("The content value must be a string at least one character long.", "content"))
    if kinds != sorted(kinds, key=["text/plain", "text/html"].index):
        found.append(("text/plain must come first, followed by text/html.", "content"))
    categories = body.get("categories", [])
    if len(categories) > 10 or len(set(categories)) != len(categories):
        found.append(("At most 10 unique categories are allowed.", "categories"))
    if not all(isinstance(c, str) and c.isascii() and len(c) <= 255 for c in categories):
        found.append(("A category must be a text of at most 255 characters.", "categories"))
    if body.get("send_at", 0) > time.time() + 72 * 3600:
        found.append(("Scheduling is limited to 72 hours.", "send_at"))
    for place, file in enumerate(body.get("attachments", [])):
        try:
            b64decode(file["content"], validate=True)
        except (NotBase64, KeyError, TypeError):
            found.append(("The attachment content must be base64.", f"attachments.{place}.content"))
        if not file.get("filename") or not file["filename"].isascii():
            found.append(("The filename must be ASCII.", f"attachments.{place}.filename"))
    return found


class _Handler(BaseHTTPRequestHandler):
    service: SendGridServer

    def do_GET(self) -> None:
        """Tell what was accepted, for benchmarks that run the server as a process."""
        service = self.service
        if self.path != "/_accepted":
            return self._error(405, [("method not allowed", None)])
        state = {"mails": sum(service.mails.values()), "doubled": len(service.doubled)}
        if self.headers.get("X-Forget"):
            service.mails.clear()
        return self._answer(200, json.dumps({**state, "requests": len(service.answers)}).encode())

    def do_POST(self) -> None:
        """Mail Send and Email Logs."""
        if self.path == "/v3/logs":
            return self._find(json.loads(self._read()))
        if self.path != "/v3/mail/send":
            return self._error(404, [("not found", None)])
        service = self.service
        with service.lock:
            fault = service.faults.pop(0) if service.faults else None
        if fault is Fault.RESET:
            return self._reset()
        raw = self._read()
        try:
            body = json.loads(raw)
        except ValueError:
            return self._error(400, [("Bad Request", None)])
        fault = fault or service.judge(body)
        if fault:
            return self._misbehave(fault, body)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self._misbehave(Fault.UNAUTHORIZED, body)
        if self.headers.get("Content-Type") != "application/json":
            return self._error(415, [("Content-Type should be application/json.", None)])
        files = sum(len(f.get("content", "")) for f in body.get("attachments", []))
        if len(raw) > _LIMIT or files > service.attachment_limit:
            return self._misbehave(Fault.TOO_LARGE, body)
        wrong = complaints(body, service)
        if wrong:
            return self._error(400, wrong)
        if service.verified is not None and body["from"]["email"] not in service.verified:
            return self._misbehave(Fault.FORBIDDEN, body)
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return self._answer(200, b"")
        return self._answer(202, b"", {"X-Message-Id": service.accept(body)})

    def _misbehave(self, fault: Fault, body: dict[str, Any]) -> None:
        service = self.service
        match fault:
            case Fault.BAD_REQUEST:
                self._error(400, [("Bad Request", None)])
            case Fault.UNAUTHORIZED:
                told = "The provided authorization grant is invalid, expired, or revoked"
                self._error(401, [(told, None)])
            case Fault.FORBIDDEN:
                told = "The from address does not match a verified Sender Identity."
                self._error(403, [(told, "from")])
            case Fault.NOT_FOUND:
                self._error(404, [("not found", None)])
            case Fault.TOO_LARGE:
                self._answer(413, b"<html><h1>413 Request Entity Too Large</h1></html>")
            case Fault.TOO_MANY:
                reset = {"X-RateLimit-Reset": str(int(time.time() + service.reset_after))}
                self._error(429, [("too many requests", None)], reset)
            case Fault.SERVER_ERROR:
                self._error(500, [("Internal Server Error", None)])
            case Fault.UNAVAILABLE:
                self._answer(503, b"<html>Service Unavailable</html>")
            case Fault.REDIRECT:
                self._answer(302, b"", {"Location": f"{service.url}/elsewhere"})
            case Fault.PLAIN_200:
                self._answer(200, b"")
            case Fault.HANG:
                service.released.wait(60)
                self.close_connection = True
            case Fault.DROP_ANSWER:
                service.accept(body)
                service.answers.append(0)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            case Fault.HALF_ERROR:
                self.send_response(400)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"errors": [')
                self.close_connection = True
            case _:
                raise AssertionError(fault)

    def _reset(self) -> None:
        self.service.answers.append(0)
        self.rfile.read(100)
        # with a linger of zero, closing sends RST instead of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _find(self, request: dict[str, Any]) -> None:
        match = _QUERY.fullmatch(request.get("query", ""))
        if not match:
            return self._error(400, [("invalid query", "query")])
        email, category = match.groups()
        known = self.service.accepted if self.service.log else []
        found = [
            {"sg_message_id": f"{m.message_id}.recvd-1", "to_email": m.email, "status": "processed"}
            for m in known
            if m.email == email and category in m.categories
        ]
        body = {"messages": found[: request.get("limit", 10)]}
        return self._answer(200, json.dumps(body).encode(), counted=False)

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _error(
        self,
        status: int,
        errors: list[tuple[str, str | None]],
        headers: dict[str, str] | None = None,
    ) -> None:
        told = [{"message": message, "field": where, "help": None} for message, where in errors]
        self._answer(status, json.dumps({"errors": told}).encode(), headers)

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        counted: bool = True,
    ) -> None:
        if counted:
            self.service.answers.append(status)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """A client that was killed is no news."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Show what is the server's own fault."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it came


def _bind(service: SendGridServer, port: int = 0) -> _Server:
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", port), handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


@contextmanager
def sendgrid_server(tls: ssl.SSLContext | None = None) -> Iterator[SendGridServer]:
    """Run the server in a thread, with TLS if there is a certificate."""
    service = SendGridServer()
    server = _bind(service)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        service.url = service.url.replace("http:", "https:")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Serve until killed, counting only; the first line of output is the address."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    service = SendGridServer(keep=False)
    server = _bind(service, parser.parse_args().port)
    print(service.url, flush=True)  # noqa: T201 - whoever started it reads this
    server.serve_forever()


if __name__ == "__main__":
    main()
