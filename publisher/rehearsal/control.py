"""The server's own door: what it has accepted, and how it shall behave; no part of SendGrid.

GET  /_rehearsal/state            counts
GET  /_rehearsal/mails?after=ID   accepted mails, in order
GET  /_rehearsal/doubled          addresses mailed more than once
PUT  /_rehearsal/settings         any of the names in `_SETTINGS`, faults, chances, webhook
POST /_rehearsal/forget           empties the book
POST /_rehearsal/flush            waits until the webhook has told everything
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key

from publisher.rehearsal.events import Behaviour
from publisher.rehearsal.faults import Chances, Fault, RateLimit
from publisher.rehearsal.service import SendGridServer
from publisher.rehearsal.webhook import Habits, WebhookSender

PREFIX = "/_rehearsal/"
_SETTINGS = (
    *("names_culprits", "attachment_limit", "reset_after", "slow_s", "hang_s", "log", "log_lag_s"),
)
_BY_WORD = {fault.word: fault for fault in Fault}


def answer(service: SendGridServer, method: str, path: str, raw: bytes) -> tuple[int, Any]:
    """Return status and JSON for a request to the server's own door."""
    parts = urlsplit(path)
    name, asked = parts.path.removeprefix(PREFIX), parse_qs(parts.query)
    match method, name:
        case "GET", "state":
            return 200, _state(service)
        case "GET", "mails":
            after, limit = (int(asked.get(key, [str(usual)])[0]) for key, usual in _PAGE)
            found = service.book.mails(after=after, limit=limit)
            return 200, [[m.id, m.email, m.message_id, dict(m.args)] for m in found]
        case "GET", "doubled":
            return 200, service.book.doubled()
        case "PUT", "settings":
            try:
                change(service, json.loads(raw))
            except (ValueError, TypeError, KeyError) as error:
                return 400, {"error": f"{type(error).__name__}: {error}"}
            return 200, {}
        case "POST", "forget":
            service.book.forget()
            return 200, {}
        case "POST", "linger":
            return 200, service.linger()
        case "POST", "flush":
            return 200, asdict(service.webhook.flush()) if service.webhook else {}
        case _:
            return 404, {"error": f"{method} {name} is unknown"}


_PAGE = (("after", 0), ("limit", 10_000))


def change(service: SendGridServer, asked: Mapping[str, Any]) -> None:
    """Change the server as told by plain data; raises `ValueError` for what it does not know."""
    for name, value in asked.items():
        match name:
            case "faults":
                service.faults = [_BY_WORD[str(word)] for word in value]
            case "chances":
                shares = {_BY_WORD[str(word)]: share for word, share in value["shares"].items()}
                service.chances = Chances(shares, value.get("seed", 0))
            case "rate_limit":
                service.rate_limit = RateLimit(**value)
            case "poisoned":
                service.poisoned = set(value)
            case "verified":
                service.verified = None if value is None else set(value)
            case "behaviour":
                service.behaviour = Behaviour(**value)
            case "webhook":
                if service.webhook:
                    service.webhook.close()
                service.webhook = _webhook(value) if value else None
            case "released":
                service.released.set()
            case _ if name in _SETTINGS:
                setattr(service, name, type(getattr(service, name))(value))
            case _:
                raise ValueError(f"there is no setting {name}")


def _state(service: SendGridServer) -> dict[str, Any]:
    counted = service.book.counted
    return {
        "requests": counted.requests,
        "mails": counted.mails,
        "answers": len(service.answers),
        "happened": dict(service.happened),
        "posted": asdict(service.webhook.posted) if service.webhook else None,
    }


def _webhook(asked: Mapping[str, Any]) -> WebhookSender:
    key = asked.get("key")
    private = load_der_private_key(b64decode(key), None) if key else None
    if private is not None and not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError("the webhook's key is not on an elliptic curve")
    return WebhookSender(asked["url"], private, Habits(**asked.get("habits", {})))
