"""What the mail provider told us is taken in: called every few seconds, in any number of processes."""

import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from publisher.audience.changes import complain, opt_out
from publisher.config import Publication
from publisher.content.articles import read_articles
from publisher.deliver.feedback.consequences import Consequences
from publisher.deliver.feedback.events_kept import forget
from publisher.deliver.feedback.interpreting import Interpreted, interpret
from publisher.deliver.feedback.learning import Leaving, LinkOf
from publisher.deliver.feedback.scores import rules_of
from publisher.errors import ConfigError
from publisher.pipeline.desk import Desk
from publisher.render.links import Links
from publisher.week import Week

_log = logging.getLogger(__name__)
#: events in a transaction: SQLite keeps all other writers waiting meanwhile
_AT_ONCE = {"sqlite": 2_000}
_AT_ONCE_ELSEWHERE = 20_000
#: our pages that anybody may be told of; the addresses of all others hold a reader's token
_OPEN_PAGE = re.compile(r"/?|/(issues|static)(/.*)?|/subscribe|/feed\.xml", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was taken in."""

    events: int = 0
    ours: int = 0  #: that were about mailings of this installation
    suppressed: int = 0  #: addresses that are not mailed any more
    left: int = 0  #: readers who unsubscribed by the provider's means
    forgotten: int = 0  #: events that were kept long enough


def hear(desk: Desk, *, at_most: int | None = None) -> Heard:
    """Interpret the events that wait, and forget those that were kept long enough.

    Goes on until no more wait than a transaction may hold, `at_most` were interpreted or
    the desk is stopping: what comes meanwhile is left for the next call, when it has become
    more. Costs two look-ups when there is nothing to do. Safe in several processes at once,
    and to be killed at any moment.
    """
    each = _AT_ONCE.get(desk.engine.dialect.name, _AT_ONCE_ELSEWHERE)
    link_of = link_reader(desk.publication)
    heard = Interpreted()

    while not desk.stopping() and (at_most is None or heard.events < at_most):
        done = interpret(
            desk.engine, now=desk.clock(), link_of=link_of, then=_consequences(desk), at_most=each
        )
        heard += done or Interpreted()
        if done is None or not done.more:
            break
    if heard.suppressed or heard.left:
        _log.info(
            "of %d events: %d addresses are not mailed any more, %d readers unsubscribed",
            heard.events,
            heard.suppressed,
            heard.left,
        )
    return Heard(
        events=heard.events,
        ours=heard.ours,
        suppressed=heard.suppressed,
        left=heard.left,
        forgotten=_forget(desk),
    )


def _consequences(desk: Desk) -> Consequences:
    source, now = "SendGrid", desk.clock()

    def leave(connection: Connection, leaving: Leaving) -> None:
        opt_out(
            connection,
            leaving.subscriber_id,
            leaving.email_hash,
            leaving.list_name,
            source=source,
            now=now,
        )

    return Consequences(
        leave=leave,
        complain=lambda connection, hash: complain(connection, hash, source=source, now=now),
        rules=rules_of(desk.publication.delivery.bounces),
    )


def link_reader(publication: Publication) -> LinkOf:
    """Return the function that names what a reader followed: an article's slug, else the address.

    It returns None for what is no link to count: pages whose address holds the reader's
    token, such as the one to unsubscribe.
    """
    home = publication.public_url

    def link_of(week: str, url: str) -> str | None:
        if not url.startswith(("http://", "https://")):
            return None
        if url.startswith(home) and url[len(home) : len(home) + 1] in ("", "/", "?", "#"):
            return _ours(publication, week, url)
        return _stories(publication, week).get(url, url)

    return link_of


def _ours(publication: Publication, week: str, url: str) -> str | None:
    issue = f"{publication.public_url}/issues/{week}/"
    page, fragment = urldefrag(url)
    bare = page.partition("?")[0]
    if bare == issue and fragment:
        return unquote(fragment)
    if bare.startswith(f"{issue}stories/") and bare.endswith(".html"):
        return unquote(bare.removeprefix(f"{issue}stories/").removesuffix(".html"))
    path = bare[len(publication.public_url) :]
    return page if _OPEN_PAGE.fullmatch(path) else None


def _stories(publication: Publication, week: str) -> dict[str, str]:
    """Return the articles of a week by the address they have elsewhere.

    The mail leads there where an issue has no web edition.
    """
    folder = publication.issues / week / "articles"
    try:
        changed = folder.stat().st_mtime_ns
        links = Links(publication, Week.parse(week))
    except (OSError, ConfigError):
        return {}
    return {} if links.web else _slugs(folder.parent, publication.timezone, changed)


@lru_cache(maxsize=64)
def _slugs(folder: Path, zone: ZoneInfo, changed: int) -> dict[str, str]:
    del changed  # it only tells whether they must be read again
    articles, _ = read_articles(folder, zone)
    return {article.url: article.slug for article in articles if article.url}


def _forget(desk: Desk) -> int:
    before = desk.clock() - timedelta(days=desk.publication.delivery.keep_events_days)
    forgotten = 0
    while not desk.stopping() and (gone := forget(desk.engine, before=before)):
        forgotten += gone
    return forgotten
