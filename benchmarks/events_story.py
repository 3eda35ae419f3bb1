"""Invented events of one mailing, in the order they arrive, and what must come of them.

What must come of them is told by who invents them: nothing here knows how the program
under test comes to its own idea.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Any

TOKEN = "0123456789abcdef"  # noqa: S105 - names the mailing
START = int(time.time()) - 3 * 86_400  #: Unix seconds of the first mail
CHUNK = 500
A_SECOND = 150  #: mails that leave in a second
PERSON = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PROXY = "Mozilla/5.0"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
SITE = "http://127.0.0.1:8300"
STORIES = tuple(f"story-{number}" for number in range(9))
_ENDS = (
    # share, event, fields, the state that is expected, its rank
    (0.004, "bounce", {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}),
    (0.008, "bounce", {"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 blocked"}),
    (0.010, "dropped", {"reason": "Recipient List over Package Quota", "status": "5.0.0"}),
)


@dataclass(frozen=True)
class Expected:
    """What must be known of a reader in the end; moments in Unix seconds."""

    state: str
    at: int
    reason: str
    delivered: int | None
    complained: int | None
    unsubscribed: int | None
    opened: int | None
    clicked: int | None
    machine_opened: int | None
    machine_clicked: int | None


@dataclass(frozen=True)
class Life:
    """A reader's mail: events with their fields, and the end of the story."""

    events: tuple[tuple[int, str, dict[str, Any]], ...]  #: when, which, more fields
    expected: Expected
    followed: tuple[tuple[str, bool], ...]  #: slugs, and whether a machine alone went there


@lru_cache(maxsize=100_000)
def life(reader: int) -> Life:
    """Invent what becomes of a reader's mail; always the same."""
    chance = Random(reader)
    sent = START + reader // A_SECOND
    told: list[tuple[int, str, dict[str, Any]]] = [(sent, "processed", {"send_at": 0})]
    moment = sent + chance.randrange(1, 20)
    if chance.random() < 0.03:
        reason = "450 4.2.0 try again later"
        told.append((moment, "deferred", {"response": reason, "attempt": "1"}))
        moment += 120
    draw = chance.random()
    for share, event, fields in _ENDS:
        if draw < share:
            told.append((moment, event, fields))
            state = "bounced" if fields.get("type") == "bounce" else fields.get("type", event)
            ended = Expected(state, moment, fields["reason"], *[None] * 7)
            return Life(tuple(told), ended, ())
    told.append((moment, "delivered", {"response": "250 2.0.0 OK", "tls": 1}))
    return _read(chance, told, moment)


def _read(chance: Random, told: list[tuple[int, str, dict[str, Any]]], delivered: int) -> Life:
    opened = clicked = machine_opened = machine_clicked = complained = unsubscribed = None
    followed: dict[str, bool] = {}
    if chance.random() < 0.25:
        machine_opened = delivered + chance.randrange(1, 60)
        fields = {"useragent": PROXY, "sg_machine_open": True}
        told.append((machine_opened, "open", fields))
    if chance.random() < 0.02:
        machine_clicked = delivered + 1
        for slug in STORIES[:5]:
            followed[slug] = True
            told.append((machine_clicked, "click", {"url": _url(slug), "useragent": SCANNER}))
    if chance.random() < 0.3:
        opened = delivered + 30 + int(chance.expovariate(1 / 1800))
        fields = {"useragent": PERSON, "sg_machine_open": False}
        told.append((opened, "open", fields))
        if chance.random() < 0.25:
            for number in range(chance.randint(1, 2)):
                slug = STORIES[chance.randrange(9)]
                followed[slug] = False
                at = opened + 20 + 45 * number
                clicked = clicked or at
                told.append((at, "click", {"url": _url(slug), "useragent": PERSON}))
        if chance.random() < 0.001:
            complained = opened + 15
            told.append((complained, "spamreport", {}))
        if chance.random() < 0.002:
            unsubscribed = opened + 25
            told.append((unsubscribed, "unsubscribe", {}))
    expected = Expected(
        "delivered", delivered, "", delivered, complained, unsubscribed, opened, clicked,
        machine_opened, machine_clicked,
    )  # fmt: skip
    return Life(tuple(told), expected, tuple(followed.items()))


def _url(slug: str) -> str:
    return f"{SITE}/issues/2026-W47/#{slug}"


def arrivals(events: int) -> tuple[list[int], int]:
    """Return the order in which so many events arrive, a third of them doubles.

    With it comes how many readers they are about. An entry names reader and place.
    """
    distinct = events - events // 3
    order: list[int] = []
    readers = 0
    while len(order) < distinct:
        readers += 1
        chance = Random(-readers)
        for place, (at, _, _) in enumerate(life(readers).events):
            # a mail server tells what it has every half minute
            order.append((at + chance.randrange(30)) << 40 | readers << 8 | place)
    chance = Random(0)
    doubles = chance.sample(order, events // 3) if len(order) >= events // 3 else []
    late = [60, 60, 60, 60, 600, 600, 600, 86_400]
    order += [entry + (chance.randrange(chance.choice(late)) << 40) for entry in doubles]
    order.sort()
    return order, readers


def posts(order: list[int], size: int) -> Iterator[bytes]:
    """Go through the bodies in the order in which they are posted."""
    for first in range(0, len(order), size):
        told = (
            _json(entry >> 8 & 0xFFFFFFFF, entry & 0xFF) for entry in order[first : first + size]
        )
        yield ("[" + ",\r\n".join(told) + "]\r\n").encode()


def _json(reader: int, place: int) -> str:
    at, event, fields = life(reader).events[place]
    chunk = (reader - 1) // CHUNK + 1
    common = {
        "email": f"reader{reader}@example.org",
        "timestamp": at,
        "smtp-id": f"<2026-W47.1.{reader}@sirocco.example>",
        "event": event,
        "category": ["2026-W47", f"sirocco.example/2026-W47/{TOKEN}"],
        "sg_event_id": _id(reader, place),
        "sg_message_id": f"request{chunk:06d}.recvd-85abf8d92c-3qfgp-1-{at:08X}-{reader % CHUNK:X}.0",
        "publisher_mailing": TOKEN,
        "publisher_chunk": str(chunk),
        "publisher_attempt": "1",
        "publisher_reader": str(reader),
        "ip": f"167.89.{reader % 256}.{place}",
    }
    return json.dumps({**common, **fields}, separators=(",", ":"))


def _id(reader: int, place: int) -> str:
    seed = f"{reader}/{place}".encode()
    return urlsafe_b64encode(sha256(seed).digest()[:26]).decode().rstrip("=")
