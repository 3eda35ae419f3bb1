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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.sendgrid_rules import complaints

KEY = "SG.test-key"
_LIMIT = 30_000_000
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
        wrong = complaints(body, poisoned=service.poisoned)
        if wrong:
            named = service.names_culprits
            return self._error(400, [(told, where if named else None) for told, where in wrong])
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
