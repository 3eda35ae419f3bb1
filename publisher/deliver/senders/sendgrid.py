"""SendGrid: the official package carries the request; its answers become ours.

There is no idempotency key, so what matters is which phase failed: before a connection
stood nothing was sent; after it, only an answer tells.
"""

import http.client
import json
import logging
import re
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast
from urllib.error import URLError

import python_http_client
from python_http_client.exceptions import HTTPError, handle_error
from sendgrid import SendGridAPIClient

from publisher.config import SendgridConfig
from publisher.deliver.sender import (
    Accepted,
    Answer,
    Capabilities,
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
from publisher.deliver.senders.headers import address_problem
from publisher.deliver.senders.sendgrid_body import mail_send_body, mailing_category

_SIZE_LIMIT = 28_000_000  #: of 30 MB; the rest is for addresses, headers and JSON
_BROKEN = (OSError, http.client.HTTPException, URLError)  #: all that a network can do to us
_PERSONALIZATION = re.compile(r"personalizations\.(\d+)\b")


class SendGrid:
    """Sends through SendGrid's v3 API; the key is SENDGRID_API_KEY."""

    def __init__(
        self,
        api_key: str,
        config: SendgridConfig,
        *,
        batch: int = 500,
        timeout_s: float = 60.0,
    ) -> None:
        """Prepare the client; nothing is asked of SendGrid yet."""
        # at DEBUG the package logs the key and every reader's address
        logging.getLogger("python_http_client").setLevel(logging.WARNING)
        self._config = config
        self._api = SendGridAPIClient(
            api_key, **({"host": config.endpoint.rstrip("/")} if config.endpoint else {})
        )
        if config.region == "eu" and not config.endpoint:
            self._api.set_sendgrid_data_residency("eu")
        # after the region is chosen, for that makes a new client without a timeout
        self._api.client = _Client(
            host=self._api.host,
            request_headers=dict(self._api.client.request_headers),
            version=3,
            timeout=timeout_s,
        )
        self.capabilities = Capabilities(
            name="sendgrid",
            batch=batch,
            doubt=batch,
            size_limit=_SIZE_LIMIT,
            timeout_s=timeout_s,
            evidence_lag=timedelta(minutes=10),
            events=True,
        )

    def send(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        *,
        now: datetime,
        reference: Reference | None = None,
    ) -> Iterator[Answer]:
        """Send all recipients in one request; its answer is everybody's.

        Those SendGrid could not take are answered before; two with the same address are
        one person, and the second is refused.
        """
        seen: set[str] = set()
        good: list[Recipient] = []
        for recipient in recipients:
            problem = address_problem(recipient.email, smtputf8=False)
            if recipient.email.casefold() in seen:
                problem = "another reader of this list has the same address"
            if problem:
                yield Answer((recipient,), Refused(reason=problem))
            else:
                seen.add(recipient.email.casefold())
                good.append(recipient)
        if good:
            yield Answer(tuple(good), self._post(message, good, reference, now))

    def find(
        self, message: Message, recipients: Sequence[Recipient], reference: Reference
    ) -> str | None:
        """Ask the Email Logs API (30 days back) for up to three of the chunk's readers.

        A reader gets a mailing once, so any record of her in it proves the request was
        taken. An account without Email Logs, or a broken network, proves nothing.
        """
        category = mailing_category(message, reference)
        for recipient in [r for r in recipients if "'" not in r.email][:3]:
            query = f"to_email = '{recipient.email}' AND categories IN ('{category}')"
            try:
                response = self._api.client.logs.post(request_body={"query": query, "limit": 1})
                messages = json.loads(response.body)["messages"]
                if messages:
                    return str(messages[0]["sg_message_id"]).partition(".")[0]
            except (HTTPError, *_BROKEN, ValueError, KeyError, TypeError):
                return None
        return None

    def close(self) -> None:
        """Do nothing: the package makes a connection for every request."""

    def _post(
        self,
        message: Message,
        recipients: Sequence[Recipient],
        reference: Reference | None,
        now: datetime,
    ) -> Outcome:
        body = mail_send_body(message, recipients, reference, self._config)
        try:
            response = self._api.client.mail.send.post(request_body=body)
        except _NotConnected as error:
            return _unreachable(self._api.host, error.reason)
        except HTTPError as error:
            return self._refusal(error, message, recipients, now)
        except _BROKEN as error:
            return Uncertain(reason=f"SendGrid had the request and gave no answer: {_why(error)}")
        if response.status_code == 202 or (response.status_code == 200 and self._config.sandbox):
            return Accepted(provider_id=response.headers.get("X-Message-Id") or "")
        return Uncertain(reason=f"SendGrid answered {response.status_code}, which means nothing")

    def _refusal(
        self,
        error: HTTPError,
        message: Message,
        recipients: Sequence[Recipient],
        now: datetime,
    ) -> Outcome:
        status, told = int(error.status_code), _told(error)
        reason = f"SendGrid answers {status}: {told}"
        match status:
            case 400:
                return _bad_request(reason, error, message, recipients)
            case 401:
                return Stop(reason=f"{reason}: look at SENDGRID_API_KEY and the account's credit")
            case 403:
                return Stop(
                    reason=f"{reason}: verify {message.from_address} as sender identity at"
                    " SendGrid, and give SENDGRID_API_KEY the right Mail Send"
                )
            case 413:
                return TooLarge(reason=reason)
            case 429:
                return Retry(reason=reason, at=_reset(error.headers, now))
            case _ if 500 <= status < 600:
                return Uncertain(reason=reason)
            case _:
                return Stop(
                    reason=f"{reason}: {self._api.host} is not SendGrid's API;"
                    " look at endpoint in [delivery.sendgrid]"
                )


def _bad_request(
    reason: str, error: HTTPError, message: Message, recipients: Sequence[Recipient]
) -> Outcome:
    fields = [str(entry.get("field") or "") for entry in _errors(error)]
    named = [_PERSONALIZATION.match(field) for field in fields]
    if fields and all(fields) and not any(named):
        # it is the mail itself, so halving the readers would only repeat the refusal
        return Stop(reason=f"{reason}: mend the mail's {', '.join(fields)} and send again")
    places = {int(match[1]) for match in named if match}
    guilty = frozenset(
        recipients[place].subscriber_id for place in places if place < len(recipients)
    )
    return Refused(reason=reason, guilty=guilty)


def _told(error: HTTPError) -> str:
    messages = [
        " ".join(part for part in (entry.get("message"), entry.get("field")) if part)
        for entry in _errors(error)
    ]
    return ("; ".join(messages) or str(error.reason or "no reason given"))[:500]


def _errors(error: HTTPError) -> list[dict[str, str | None]]:
    """Return what the body complains of; a proxy's HTML complains of nothing."""
    try:
        found = json.loads(error.body)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    if not isinstance(found, list):
        return []
    return [cast("dict[str, str | None]", entry) for entry in found if isinstance(entry, dict)]


def _reset(headers: Any, now: datetime) -> datetime | None:
    """Return when SendGrid takes requests again (X-RateLimit-Reset is in Unix seconds)."""
    try:
        moment = datetime.fromtimestamp(int(headers["X-RateLimit-Reset"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    # a clock that is wrong must neither hurry us nor keep us for days
    return min(max(moment, now + timedelta(seconds=1)), now + timedelta(hours=1))


def _unreachable(host: str, reason: BaseException) -> Outcome:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Stop(
            reason=f"the certificate of {host} is not to be trusted: {reason.verify_message}:"
            " look for a proxy on the way, or at endpoint in [delivery.sendgrid]"
        )
    return Retry(reason=f"cannot reach {host}: {_why(reason)}")


def _why(error: BaseException) -> str:
    inner = error.reason if isinstance(error, URLError) else error
    if isinstance(inner, TimeoutError):
        return "it took too long"
    if isinstance(inner, socket.gaierror):
        return "its name cannot be resolved; look at this machine's network"
    return str(inner) or type(inner).__name__


class _NotConnected(Exception):
    """No connection stood, so no byte of the request was sent."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Client(python_http_client.Client):  # type: ignore[misc]  # the package has no types
    """The package's client, which also tells whether a connection stood.

    It follows no redirects either: urllib would repeat the POST as a GET and show the key
    to wherever it is sent.
    """

    def _build_client(self, name: str | None = None) -> "_Client":
        return _Client(
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
            timeout=self.timeout,
        )

    def _make_request(
        self, _opener: object, request: urllib.request.Request, timeout: float | None = None
    ) -> Any:
        watch = _Watch()
        opener = urllib.request.build_opener(_Http(watch), _Https(watch), _NoRedirect)
        try:
            return opener.open(request, timeout=timeout or self.timeout)
        except urllib.error.HTTPError as error:
            refusal = handle_error(error)
            error.close()
            raise refusal from None
        except _BROKEN as error:
            if watch.connected:
                raise
            reason = error.reason if isinstance(error, URLError) else error
            raise _NotConnected(reason if isinstance(reason, BaseException) else error) from None


class _Watch:
    connected = False


class _Http(urllib.request.HTTPHandler):
    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_watched(http.client.HTTPConnection, self._watch), request)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, watch: _Watch) -> None:
        super().__init__(context=_trusted())
        self._watch = watch

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        connection = _watched(http.client.HTTPSConnection, self._watch)
        return self.do_open(connection, request, context=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads all authorities: 20 ms, so once


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _watched(kind: type[http.client.HTTPConnection], watch: _Watch) -> Any:
    class Watched(kind):  # type: ignore[misc, valid-type]  # chosen when it runs
        def connect(self) -> None:
            super().connect()
            watch.connected = True

    return Watched
