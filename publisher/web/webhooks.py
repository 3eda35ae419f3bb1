"""What the mail provider tells us: POST /webhooks/sendgrid.

A request is believed for its signature alone, stored as it came, and answered; what it
means is found out later, see `publisher.pipeline.hearing`. SendGrid sends again for a day
whatever is not answered with 2xx, so only what may be better next time is answered so:
a signed body that nobody can read is kept and acknowledged.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route

from publisher.deliver.feedback.events import NoEvents, Raw, part, unreadable
from publisher.deliver.feedback.events_kept import keep
from publisher.deliver.feedback.events_signed import SIGNATURE, TIMESTAMP, Doubt, doubt, read_key
from publisher.pipeline.desk import Desk
from publisher.web.gathering import Full, Gatherer

_log = logging.getLogger(__name__)
PATH = "/webhooks/sendgrid"
#: bytes; SendGrid posts at 768 KB
LARGEST_BODY = 4_194_304
_AT_ONCE = 5_000  #: events in one transaction; on SQLite other writers wait for it
_AT_MOST = 100_000  #: events in memory, some 60 MB
_QUIET = 60.0  #: seconds between two sentences about the same thing


def webhook_routes(desk: Desk) -> list[BaseRoute]:
    """Return the address that SendGrid posts its events to; none if there is no key.

    It is a bare route, to be looked at first: SendGrid comes a thousand times a second.
    Raises `ConfigError` if there is a key that is none.
    """
    config = desk.publication.delivery.sendgrid
    if not config.webhook_key:
        return []
    key = read_key(config.webhook_key)
    within = timedelta(hours=config.webhook_hours)
    say = Sayings()
    gatherer: Gatherer[Raw] = Gatherer(_keeper(desk), at_once=_AT_ONCE, at_most=_AT_MOST)

    async def hear(request: Request) -> Response:
        signature = request.headers.get(SIGNATURE, "")
        timestamp = request.headers.get(TIMESTAMP, "")
        if not signature or not timestamp:
            return _refuse(say, Doubt.UNSIGNED)
        try:
            body = await request.body()
        except ClientDisconnect:
            return PlainTextResponse("cut off\n", 400)  # nobody is there to read it
        wrong = doubt(
            key,
            signature=signature,
            timestamp=timestamp,
            body=body,
            now=desk.clock(),
            within=within,
        )
        if wrong:
            return _refuse(say, wrong)
        return await _keep(gatherer, say, body)

    return [Route(PATH, hear, methods=["POST"])]


async def _keep(gatherer: Gatherer[Raw], say: "Sayings", body: bytes) -> Response:
    try:
        came: Sequence[Raw] = part(body)
    except NoEvents:
        say(
            logging.WARNING,
            f"a signed request to {PATH} is no list of events ({len(body)} bytes):"
            " it is kept unread in the table events",
        )
        came = [unreadable(body)]
    try:
        await gatherer.put(came)
    except Full:
        say(logging.WARNING, "more events come than the database takes: SendGrid is put off")
        return PlainTextResponse("busy\n", 503, {"Retry-After": "30"})
    except SQLAlchemyError as error:
        say(
            logging.ERROR,
            f"events cannot be stored ({type(error).__name__}): see that the database runs and"
            " its disk has room; SendGrid tries again for a day",
        )
        return PlainTextResponse("database away\n", 503, {"Retry-After": "60"})
    return PlainTextResponse("kept\n")


def _refuse(say: "Sayings", wrong: Doubt) -> Response:
    advice = {
        Doubt.FORGED: ": if events stay away, compare webhook_key with the key SendGrid shows",
        Doubt.OLD: ": it may be a copy of an earlier one; if not, see webhook_hours",
        Doubt.AHEAD: ": set this machine's clock",
        Doubt.UNSIGNED: ": if events stay away, switch Signature Verification on at SendGrid",
    }[wrong]
    say(logging.WARNING, f"a request to {PATH} was refused, for it {wrong}{advice}")
    return PlainTextResponse("not believed\n", 403)


def _keeper(desk: Desk) -> Callable[[Sequence[Raw]], int]:
    return lambda came: keep(desk.engine, came, now=desk.clock())


class Sayings:
    """Logs a sentence, and its like not again for a minute: strangers could fill the disk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}  # by sentence: when, how often since

    def __call__(self, level: int, sentence: str) -> None:
        """Say it, with the number of times it was not said."""
        kind = "".join(letter for letter in sentence if not letter.isdigit())
        when, unsaid = self._said.get(kind, (float("-inf"), 0))
        if self._clock() - when < _QUIET:
            self._said[kind] = (when, unsaid + 1)
            return
        self._said[kind] = (self._clock(), 0)
        more = f" ({unsaid} more like this in the meantime)" if unsaid else ""
        _log.log(level, "%s%s", sentence, more)
