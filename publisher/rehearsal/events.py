"""What becomes of accepted mails, as SendGrid's Event Webhook tells it; pure and seeded.

Field names and shapes: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
The same seed, subject and address always meet the same fate.
"""

import html
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

Event = dict[str, Any]
#: event -> the status that Email Logs shows; a bounce of type blocked is apart
STATUS = {
    "processed": "processed",
    "dropped": "dropped",
    "deferred": "deferred",
    "bounce": "bounced",
    "delivered": "delivered",
}

_ANCHOR = re.compile(r"<a\b([^>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_PLAIN_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_CLICKS = 3  #: links a reader follows at most

#: kind of failure -> what the other mail server says, its status, SendGrid's classification
HARD = (
    ("550 5.1.1 The email account that you tried to reach does not exist", "5.1.1", "Invalid Address"),
    ("550 5.4.1 Recipient address rejected: Access denied", "5.4.1", "Invalid Address"),
    ("554 5.2.1 This mailbox has been disabled", "5.2.1", "Mailbox Unavailable"),
)  # fmt: skip
SOFT = (
    ("452 4.2.2 The email account that you tried to reach is over quota", "4.2.2", "Mailbox Unavailable"),
    ("550 5.7.1 Our system has detected that this message is likely unsolicited mail", "5.7.1", "Content"),
    ("554 5.7.1 Service unavailable; Client host blocked using a blocklist", "5.7.1", "Reputation"),
    ("421 4.7.28 Our system has detected an unusual rate of mail", "4.7.28", "Frequency or Volume Too High"),
    ("unable to get mx info: failed to get IPs from PTR record", "5.4.4", "Technical"),
    ("500 unknown error", "5.0.0", "Unclassified"),
)  # fmt: skip
DROPS = (
    "Bounced Address",
    "Unsubscribed Address",
    "Spam Reporting Address",
    "Invalid",
    "Recipient List over Package Quota",
)
_PEOPLE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36",
)
_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How likely each thing is; of delivered mails from `opened` on. `fates` overrules chance."""

    seed: int = 0
    processed: float = 0.98  #: "processed may never come"
    deferred: float = 0.03
    dropped: float = 0.002
    bounced: float = 0.006
    blocked: float = 0.006
    opened: float = 0.4
    machine_opened: float = 0.3
    clicked: float = 0.08
    scanned: float = 0.03  #: a scanner follows every link within seconds
    complained: float = 0.0005
    unsubscribed: float = 0.001
    unknown: float = 0.001  #: a kind of event nobody has heard of
    #: address -> one of delivered, dropped, bounced, blocked, and any of the others from
    #: `opened` on, with + between: "delivered+opened+clicked"; nothing else happens to it then
    fates: Mapping[str, str] = field(default_factory=dict)


#: what needs no chance: every mail is processed and delivered, and nobody does anything
QUIET = Behaviour(
    processed=1, deferred=0, dropped=0, bounced=0, blocked=0, opened=0, machine_opened=0,
    clicked=0, scanned=0, complained=0, unsubscribed=0, unknown=0,
)  # fmt: skip
_CHANCES = (
    *("processed", "deferred", "dropped", "bounced", "blocked", "opened", "machine_opened"),
    *("clicked", "scanned", "complained", "unsubscribed", "unknown"),
)


def events_of(
    body: Mapping[str, Any], message_id: str, behaviour: Behaviour, *, at: int
) -> Iterator[Event]:
    """Go through all events of an accepted request, reader by reader, each in order of time.

    `body` is the JSON of Mail Send, `message_id` its X-Message-Id, `at` the moment it was
    accepted, in Unix seconds. Later events carry later timestamps, some by hours.
    """
    links = _links(body)
    for place, person in enumerate(body["personalizations"]):
        people = [p for kind in ("to", "cc", "bcc") for p in person.get(kind, [])]
        for number, address in enumerate(people):
            mail = _Mail(body, person, address["email"], message_id, f"{place:X}.{number}", at)
            yield from _life(mail, behaviour, links)


def sg_message_id(message_id: str, at: int, place: str) -> str:
    """Return the id of one mail: its request's X-Message-Id, then where and when."""
    return f"{message_id}.recvd-85abf8d92c-3qfgp-1-{at:08X}-{place}"


def outcome_of(event: Event) -> tuple[str, str] | None:
    """Return status and reason as Email Logs shows them after this event, if it changes them."""
    status = STATUS.get(event["event"])
    if status is None:
        return None
    if event.get("type") == "blocked":
        status = "blocked"
    return status, str(event.get("reason") or event.get("response") or "")


def late_open(email: str, message_id: str, args: Mapping[str, str], seed: str, *, at: int) -> Event:
    """Return the open of a mail that was accepted some time ago, as they come in for days."""
    return {
        **args,
        "email": email,
        "event": "open",
        "timestamp": at,
        "sg_event_id": _event_id(f"{message_id}/{email}/{seed}"),
        "sg_message_id": sg_message_id(message_id, at, "0.0"),
        "useragent": _PEOPLE[0],
        "ip": "203.0.113.7",
        "sg_content_type": "html",
        "sg_machine_open": False,
    }


def _event_id(seed: str) -> str:
    return urlsafe_b64encode(sha256(seed.encode()).digest()[:16]).decode().rstrip("=")


class _Mail:
    """One reader's mail, which stamps what all its events have in common."""

    def __init__(
        self,
        body: Mapping[str, Any],
        person: Mapping[str, Any],
        email: str,
        message_id: str,
        place: str,
        at: int,
    ) -> None:
        self.email, self.at, self.place = email, at, place
        self.subject = person.get("subject") or body.get("subject") or ""
        self.substitutions: Mapping[str, str] = person.get("substitutions", {})
        self.tracking: Mapping[str, Any] = body.get("tracking_settings", {})
        self.request, self.count = message_id, 0
        own_id = person.get("headers", {}).get("Message-ID")
        self.common: Event = {
            # custom args stand at the top level, where SendGrid's own fields win
            **body.get("custom_args", {}),
            **person.get("custom_args", {}),
            "email": email,
            "smtp-id": own_id or f"<{message_id}@geopod-ismtpd-1>",
            "sg_message_id": sg_message_id(message_id, at, place),
        }
        categories = body.get("categories", [])
        if categories:
            self.common["category"] = categories[0] if len(categories) == 1 else list(categories)

    def event(self, kind: str, after: int, **fields: Any) -> Event:
        self.count += 1
        seed = f"{self.request}/{self.place}/{self.count}/{kind}"
        return {
            **self.common,
            "event": kind,
            "timestamp": self.at + after,
            "sg_event_id": _event_id(seed),
            **fields,
        }


def _life(mail: _Mail, behaviour: Behaviour, links: list[str]) -> Iterator[Event]:
    chance = Random(f"{behaviour.seed}/{mail.subject}/{mail.email}")  # noqa: S311 - a rehearsal
    happens = _fate(mail, behaviour, chance)
    if "dropped" in happens:
        yield mail.event("dropped", 1, reason=chance.choice(DROPS), status="5.0.0")
        return
    if "processed" in happens:
        yield mail.event("processed", 1, send_at=0)
    moment = 2 + chance.randrange(4)
    ip = f"167.89.{chance.randrange(256)}.{chance.randrange(256)}"
    if "deferred" in happens:
        for attempt in range(chance.randint(1, 3)):
            told = "450 4.2.0 try again later"
            yield mail.event("deferred", moment, response=told, attempt=str(attempt), ip=ip, tls=1)
            moment += 60 * 2**attempt
    for end, type_, failures in (("bounced", "bounce", HARD), ("blocked", "blocked", SOFT)):
        if end in happens:
            reason, status, meaning = chance.choice(failures)
            yield mail.event(
                "bounce", moment, reason=reason, status=status, type=type_,
                bounce_classification=meaning, ip=ip, tls=1,
            )  # fmt: skip
            return
    yield mail.event("delivered", moment, response="250 2.0.0 OK", ip=ip, tls=1)
    yield from _engagement(mail, happens, chance, links, moment)


def _engagement(
    mail: _Mail, happens: frozenset[str], chance: Random, links: list[str], delivered: int
) -> Iterator[Event]:
    opens = mail.tracking.get("open_tracking", {}).get("enable", True)
    if not mail.tracking.get("click_tracking", {}).get("enable", True):
        links = []
    place = f"203.0.113.{chance.randrange(256)}"
    found: list[Event] = []
    if opens and "machine_opened" in happens:
        found.append(mail.event(
            "open", delivered + chance.randrange(1, 60), useragent=_PROXY,
            ip="66.249.84.1", sg_content_type="html", sg_machine_open=True,
        ))  # fmt: skip
    if "scanned" in happens:
        found += [
            _click(mail, link, index, delivered + index // 8, _SCANNER, "198.51.100.9")
            for index, link in enumerate(links)
        ]
    read = delivered + int(chance.expovariate(1 / 14_400)) + 30
    agent = chance.choice(_PEOPLE)
    if opens and "opened" in happens:
        for again in range(chance.randint(1, 3)):
            found.append(mail.event(
                "open", read + 1800 * again, useragent=agent, ip=place,
                sg_content_type="html", sg_machine_open=False,
            ))  # fmt: skip
    if "clicked" in happens and links:
        for number in range(chance.randint(1, _CLICKS)):
            index = chance.randrange(len(links))
            found.append(_click(mail, links[index], index, read + 20 + 45 * number, agent, place))
    if "complained" in happens:
        found.append(mail.event("spamreport", read + 15))
    if "unsubscribed" in happens:
        found.append(mail.event("unsubscribe", read + 25))
    if "unknown" in happens:
        found.append(mail.event("teleported", read + 5, reason="a kind yet to be thought of"))
    yield from sorted(found, key=lambda event: event["timestamp"])


def _click(mail: _Mail, link: str, index: int, after: int, agent: str, ip: str) -> Event:
    for tag, value in mail.substitutions.items():
        link = link.replace(tag, value)
    offset = {"index": index, "type": "html"}
    return mail.event("click", after, url=link, url_offset=offset, useragent=agent, ip=ip)


def _fate(mail: _Mail, behaviour: Behaviour, chance: Random) -> frozenset[str]:
    told = behaviour.fates.get(mail.email)
    # drawn for all, in one order, so that one chance changed leaves the others' luck alone
    draws = {name: chance.random() for name in _CHANCES}
    if told is not None:
        return frozenset({"processed", *told.split("+")})
    happens = {name for name, draw in draws.items() if draw < getattr(behaviour, name)}
    if "clicked" in happens:
        happens.add("opened")
    return frozenset(happens)


def _links(body: Mapping[str, Any]) -> list[str]:
    """Return the links SendGrid would track, in order: those of the HTML, else of the text."""
    parts = {part["type"]: part["value"] for part in body.get("content", [])}
    if "text/html" not in parts:
        return list(dict.fromkeys(_PLAIN_URL.findall(parts.get("text/plain", ""))))
    found = (
        html.unescape(match[1])
        for anchor in _ANCHOR.finditer(parts["text/html"])
        if "clicktracking" not in anchor[1] and (match := _HREF.search(anchor[1]))
    )
    return list(dict.fromkeys(found))
