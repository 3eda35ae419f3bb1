"""How the local SendGrid answers over HTTP: documented statuses, headers and bodies."""

import hmac
import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from publisher.rehearsal import control
from publisher.rehearsal.faults import Fault
from publisher.rehearsal.logs import parse
from publisher.rehearsal.rules import complaints
from publisher.rehearsal.service import LIMIT, SendGridServer

_BEFORE_THE_BODY = (Fault.RESET, Fault.RESET_BEFORE)
_UNREAD = 2 * LIMIT  #: a body beyond this is not even read to its end


class Handler(BaseHTTPRequestHandler):
    """One connection; a subclass names its `service`."""

    service: SendGridServer
    protocol_version = "HTTP/1.1"  # connections are kept
    server_version, sys_version = "nginx", ""
    disable_nagle_algorithm = True  # a kept connection would wait 40 ms for its answer
    wbufsize = -1  # headers and body leave together
    _limits: dict[str, str]  #: the X-RateLimit headers of this request

    def do_GET(self) -> None:
        """Only the control of the server itself is read this way."""
        self._control("GET")

    def do_PUT(self) -> None:
        """Settings of the server itself."""
        self._control("PUT")

    def do_POST(self) -> None:
        """Mail Send and Email Logs."""
        if self.path == "/v3/logs":
            return self._search_logs()
        if self.path == "/v3/mail/send":
            return self._send_mail()
        return self._control("POST")

    def _control(self, method: str) -> None:
        raw = self._read()
        if not self.path.startswith(control.PREFIX):
            known = self.path in ("/v3/mail/send", "/v3/logs")
            told = (405, "method not allowed") if known else (404, "not found")
            return self._error(told[0], [(told[1], None)])
        if not self._authorized():
            return self._error(401, [("unauthorized", None)])
        status, body = control.answer(self.service, method, self.path, raw)
        return self._answer(status, json.dumps(body).encode(), counted=False)

    def _send_mail(self) -> None:
        service = self.service
        fault = service.next_fault()
        if fault in _BEFORE_THE_BODY:
            service.happened[fault.word] += 1
            return self._reset(fault)
        length = int(self.headers.get("Content-Length") or 0)
        if length > _UNREAD:
            self.close_connection = True
            return self._too_large()
        raw = self._read()
        passed, self._limits = service.rate_limit.take(service.clock())
        if not passed:
            return self._error(429, [("too many requests", None)])
        try:
            body = json.loads(raw)
        except UnicodeDecodeError:
            return self._error(415, [("Invalid UTF8 in request", None)])
        except ValueError:
            return self._error(400, [("Bad Request", None)])
        fault = fault or service.judge(body)
        if fault:
            service.happened[fault.word] += 1
            return self._misbehave(fault, body)
        return self._judge(body, len(raw))

    def _judge(self, body: Any, size: int) -> None:
        service = self.service
        if not self._authorized():
            return self._misbehave(Fault.UNAUTHORIZED, body)
        if self.headers.get_content_type() != "application/json":
            return self._error(415, [("Content-Type should be application/json.", None)])
        if size > LIMIT or _attached(body) > service.attachment_limit:
            return self._too_large()
        wrong = complaints(body, poisoned=service.poisoned, now=service.clock())
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
                told = (
                    "The from address does not match a verified Sender Identity. Mail cannot be"
                    " sent until this error is resolved."
                )
                self._error(403, [(told, "from")])
            case Fault.NOT_FOUND:
                self._error(404, [("not found", None)])
            case Fault.TOO_LARGE:
                self._too_large()
            case Fault.TOO_MANY:
                reset = str(int(time.time() + service.reset_after))
                self._limits = {**self._limits, "X-RateLimit-Remaining": "0"}
                self._limits["X-RateLimit-Reset"] = reset
                self._error(429, [("too many requests", None)])
            case Fault.SERVER_ERROR:
                self._error(500, [("Internal Server Error", None)])
            case Fault.ERROR_ACCEPTED:
                service.accept(body)
                self._error(500, [("Internal Server Error", None)])
            case Fault.UNAVAILABLE:
                self._answer(503, b"<html>Service Unavailable</html>", html=True)
            case Fault.REDIRECT:
                self._answer(302, b"", {"Location": f"{service.url}/elsewhere"})
            case Fault.PLAIN_200:
                self._answer(200, b"")
            case Fault.SLOW:
                message_id = service.accept(body)
                service.released.wait(service.slow_s)
                self._answer(202, b"", {"X-Message-Id": message_id})
            case Fault.HANG | Fault.HANG_ACCEPTED:
                if fault is Fault.HANG_ACCEPTED:
                    service.accept(body)
                service.answered(0)
                service.released.wait(service.hang_s)
                self.close_connection = True
            case Fault.DROP_ANSWER:
                service.accept(body)
                service.answered(0)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            case Fault.HALF_ERROR:
                service.answered(400)
                self.send_response(400)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"errors": [')
                self.wfile.flush()
                self.close_connection = True
            case _:
                raise AssertionError(fault)

    def _reset(self, fault: Fault) -> None:
        self.service.answered(0)
        if fault is Fault.RESET:
            self.rfile.read(100)
        # with a linger of zero, closing sends RST instead of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _search_logs(self) -> None:
        raw, service = self._read(), self.service
        if not self._authorized():
            told = "The provided authorization grant is invalid, expired, or revoked"
            return self._error(401, [(told, None)])
        try:
            asked = json.loads(raw)
            conditions, limit = parse(asked.get("query", "")), asked.get("limit", 10)
            if not isinstance(limit, int) or not 1 <= limit <= 1000:
                raise ValueError("limit must be from 1 to 1000")
        except (ValueError, AttributeError, TypeError) as error:
            return self._error(400, [(str(error), "query")], counted=False)
        until = service.clock() - service.log_lag_s
        found = service.book.find(conditions, limit=limit, until=until) if service.log else []
        return self._answer(200, json.dumps({"messages": found}).encode(), counted=False)

    def _authorized(self) -> bool:
        given = self.headers.get("Authorization") or ""
        return hmac.compare_digest(given.encode(), f"Bearer {self.service.key}".encode())

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _too_large(self) -> None:
        # a proxy in front says so, and not in JSON
        self._answer(413, b"<html><h1>413 Request Entity Too Large</h1></html>", html=True)

    def _error(
        self, status: int, errors: list[tuple[str, str | None]], *, counted: bool = True
    ) -> None:
        told = [{"message": message, "field": where, "help": None} for message, where in errors]
        self._answer(status, json.dumps({"errors": told}).encode(), counted=counted)

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        counted: bool = True,
        html: bool = False,
    ) -> None:
        if counted:
            self.service.answered(status)
        self.send_response(status)
        for name, value in {**self._limits, **(headers or {})}.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def setup(self) -> None:
        """Prepare a connection."""
        super().setup()
        self._limits = {}

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """A client that was killed is no news."""
        self._limits = {}
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        """Nor is one that went before it heard the answer."""
        try:
            super().finish()
        except OSError:
            self.close_connection = True


def _attached(body: Any) -> int:
    files = body.get("attachments", []) if isinstance(body, dict) else []
    return sum(len(file.get("content", "")) for file in files)
