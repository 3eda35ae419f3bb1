"""Dead links: the addresses an issue leads to, asked one after another and remembered."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from publisher.collect.addresses import NoSuchServer
from publisher.collect.fetch import Fetcher, Limits, NoAnswer
from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.errors import CollectError
from publisher.pipeline.known_links import Finding, Standing, remember, remembered
from publisher.render.preflight.addresses import addresses_in

PAUSE_S = 1.0  #: between two questions to one server
_LIMITS = Limits(read_s=10.0, fetch_s=20.0, source_s=1200.0)
_GONE = frozenset({404, 410})


Ask = Callable[[str], Finding]
Told = Callable[[int, int, str], None]  #: so many of so many are asked, next this address


def check_links(
    issue: Issue,
    publication: Publication,
    *,
    now: Callable[[], datetime],
    ask: Ask | None = None,
    told: Told = lambda done, count, address: None,
    wait: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Finding]:
    """Ask every address of an issue that was not asked lately, and remember what it says.

    One question at a time, servers in turn, a second between two questions to the same
    one; a server that asks to be left alone is. `wait` and `clock` are seconds.
    """
    memory = remembered(issue)
    wanted = dict.fromkeys(address for _, address in addresses_in(issue, publication.public_url))
    due = [a for a in wanted if a not in memory or not memory[a].fresh(now())]
    if due:
        try:
            with Fetcher(
                site=publication.site, limits=_LIMITS, allow_private=_own(publication)
            ) as fetcher:
                asking = ask or (lambda address: _ask(fetcher, address, now()))
                for address in _politely(in_turn(due), memory, told, len(due), wait, clock):
                    memory[address] = asking(address)
        finally:
            remember(issue, memory)
    return {address: memory[address] for address in wanted if address in memory}


def _politely(
    addresses: Iterable[str],
    memory: Mapping[str, Finding],
    told: Told,
    count: int,
    wait: Callable[[float], None],
    clock: Callable[[], float],
) -> Iterator[str]:
    """Yield addresses when their servers may be asked; what the last one said is in `memory`."""
    last: dict[str, float] = {}
    tired: set[str] = set()
    for number, address in enumerate(addresses):
        told(number, count, address)
        host = urlsplit(address).netloc
        if host in tired:
            continue
        if host in last:
            wait(max(0.0, PAUSE_S - (clock() - last[host])))
        yield address
        last[host] = clock()
        if memory[address].reason.startswith(_BUSY):
            tired.add(host)


def in_turn(addresses: Iterable[str]) -> Iterator[str]:
    """Yield addresses so that servers take turns: none is asked twice while others wait."""
    queues: dict[str, deque[str]] = defaultdict(deque)
    for address in addresses:
        queues[urlsplit(address).netloc].append(address)
    while queues:
        for host in list(queues):
            yield queues[host].popleft()
            if not queues[host]:
                del queues[host]


def _own(publication: Publication) -> tuple[str, ...]:
    """Return the hosts of the newsroom's own network, as its sources name them."""
    return tuple(host for source in publication.sources for host in source.allow_private)


_BUSY = "asks to be left alone"


def _ask(fetcher: Fetcher, address: str, now: datetime) -> Finding:
    try:
        status = fetcher.probe(address).status
    except NoSuchServer:
        return Finding(standing=Standing.DEAD, reason="leads to no server", asked=now)
    except NoAnswer:
        return Finding(standing=Standing.UNSURE, reason="gave no answer in time", asked=now)
    except CollectError as error:
        said = str(error)
        why = said.removeprefix(f"{address} ")
        # of other sentences the second half speaks of sources, not of links
        why = why if why != said else said.partition(": ")[0]
        reason = f"could not be checked ({why})"
        return Finding(standing=Standing.UNSURE, reason=reason, asked=now)
    return judged(status, now)


def judged(status: int, now: datetime) -> Finding:
    """Say what a server's answer means for a reader who follows the link (RFC 9110, 15)."""
    if status < 400:
        return Finding(standing=Standing.GOOD, asked=now)
    name = str(status)
    with suppress(ValueError):
        name = f"{status} {HTTPStatus(status).phrase}"
    if status in _GONE:
        return Finding(standing=Standing.DEAD, reason=f"is dead ({name})", asked=now)
    if status == 429:
        return Finding(standing=Standing.UNSURE, reason=f"{_BUSY} ({name})", asked=now)
    return Finding(standing=Standing.UNSURE, reason=f"could not be checked ({name})", asked=now)
