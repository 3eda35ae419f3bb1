"""The one fetcher: reads addresses that strangers wrote, and gives up in good time.

Every connection goes to an address that was checked a moment before, redirects
included; bytes, unpacked bytes, redirects and time are limited. Proxies named in the
environment are not used: a proxy would look names up again, out of our sight.
"""

import ssl
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from publisher import __version__
from publisher.collect.addresses import Resolve, resolve
from publisher.collect.pinned import Deadline, PinnedNetwork, PinnedTransport
from publisher.errors import CollectError

T = TypeVar("T")
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65_536
#: after so many silences in a row a host is left alone for the rest of a collection
_PATIENCE = 3
_LONGEST_VALIDATOR = 500


class NoAnswer(CollectError):
    """A server took longer than anybody waits."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What reading a source may cost."""

    feed_bytes: int = 10_000_000
    picture_bytes: int = 25_000_000
    read_s: float = 10.0  #: longest silence
    fetch_s: float = 30.0  #: one address, redirects and all
    source_s: float = 600.0  #: everything fetched for one source
    redirects: int = 5
    entries: int = 1000  #: entries of a feed that are looked at
    pictures: int = 40  #: pictures of one article


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What an address answered."""

    url: str  #: where it was found in the end
    body: bytes = b""
    media_type: str = ""
    content_type: str = ""  #: the whole header, with its charset
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    moved_to: str = ""  #: the new address, if every redirect on the way was permanent


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What an address answers to somebody who only wants to know whether it is there."""

    url: str  #: where it was found in the end
    status: int
    retry_after: str = ""  #: how long a busy site asks to be left alone, as it says it


class Fetcher:
    """Reads addresses for one source, one connection a host, within its limits."""

    def __init__(
        self,
        *,
        site: str,
        limits: Limits | None = None,
        allow_private: tuple[str, ...] = (),
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.agent = f"Publisher/{__version__} (+{site})"
        self._deadline = Deadline(clock)
        self._clock = clock
        self._end = clock() + self.limits.source_s
        self._silent: Counter[str] = Counter()
        network = PinnedNetwork(self._deadline, allow_private, resolve)
        self._transport = PinnedTransport(network, tls or _tls())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        etag: str = "",
        last_modified: str = "",
        max_bytes: int | None = None,
    ) -> Fetched:
        """Read an address; with `etag` or `last_modified` only if it has changed (RFC 9110).

        Raises `CollectError` with one sentence for everything that can go wrong.
        """
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        size = max_bytes or self.limits.picture_bytes

        def read(response: httpx.Response, found: str, moved_from: str) -> Fetched:
            return self._read(response, found, headers, size, moved_from)

        return self._asked(url, lambda: self._follow("GET", url, headers, read))

    def probe(self, url: str) -> Probed:
        """Ask an address whether it is there, without reading what it holds.

        Asks with HEAD, and with GET where that gets no good answer: some sites know none.
        Raises `CollectError` when there is no answer at all; `NoSuchServer` when there never
        will be one.
        """
        found = self._ask("HEAD", url)
        return found if found.status < 400 or found.status == 429 else self._ask("GET", url)

    def _ask(self, method: str, url: str) -> Probed:
        def look(response: httpx.Response, found: str, _: str) -> Probed:
            wait = response.headers.get("retry-after", "")[:_LONGEST_VALIDATOR]
            return Probed(url=found, status=response.status_code, retry_after=wait)

        return self._asked(url, lambda: self._follow(method, url, {"Accept": "*/*"}, look))

    def _asked(self, url: str, ask: Callable[[], T]) -> T:
        """Ask an address in the time that is left; turn what goes wrong into a sentence."""
        host = _check(url)
        if self._silent[host] >= _PATIENCE:
            raise CollectError(f"{host} did not answer {_PATIENCE} times, so {url} was not asked")
        left = self._end - self._clock()
        if left <= 0:
            raise CollectError(
                f"{url} was not read: this source has taken its {self.limits.source_s:g} seconds"
            )
        self._deadline.start(min(self.limits.fetch_s, left))
        try:
            answer = ask()
        except (httpcore.TimeoutException, httpx.TimeoutException):
            self._silent[host] += 1
            raise NoAnswer(
                f"{url} did not answer in time"
                f" ({self.limits.fetch_s:g} seconds): it is tried again at the next collection"
            ) from None
        except (httpcore.ConnectError, httpx.ConnectError) as error:
            self._silent[host] += 1
            raise CollectError(f"{url} cannot be reached: {_reason(error)}") from None
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpx.HTTPError,
            httpx.InvalidURL,
        ) as error:
            raise CollectError(f"{url} broke off: {_reason(error)}") from None
        self._silent[host] = 0
        return answer

    def _follow(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        take: Callable[[httpx.Response, str, str], T],
    ) -> T:
        """Follow redirects to an answer; `take` gets it, its address and, if all moves were
        permanent, where the way began."""
        first, permanent = url, True
        for _ in range(self.limits.redirects + 1):
            _check(url)
            with closing(self._send(method, url, headers)) as response:
                target = response.headers.get("location", "")
                if response.status_code in _REDIRECTS and target:
                    permanent = permanent and response.status_code in (301, 308)
                    url = urljoin(url, target)
                    continue
                return take(response, url, first if permanent else "")
        raise CollectError(
            f"{first} redirects more than {self.limits.redirects} times:"
            " give the address it should lead to"
        )

    def _send(self, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        """Send one request; an httpx.Client would look into redirects on its own."""
        request = httpx.Request(
            method,
            url,
            headers={"User-Agent": self.agent, "Accept-Encoding": "gzip, deflate", **headers},
            extensions={"timeout": httpx.Timeout(self.limits.read_s).as_dict()},
        )
        return self._transport.handle_request(request)

    def _read(
        self,
        response: httpx.Response,
        url: str,
        headers: dict[str, str],
        max_bytes: int,
        moved_from: str,
    ) -> Fetched:
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        if response.status_code == HTTPStatus.NOT_MODIFIED and conditional:
            return Fetched(url=url, not_modified=True)
        if response.status_code != HTTPStatus.OK:
            raise CollectError(_refusal(url, response.status_code, self.agent))
        body = bytearray()
        encoding = response.headers.get("content-encoding", "")
        # httpx would unpack a whole chunk before we could count its bytes: hence raw
        for part in unpacked(response.iter_raw(_CHUNK), encoding, url):
            body += part
            if len(body) > max_bytes:
                raise CollectError(
                    f"{url} is larger than {max_bytes / 1e6:g} MB, the most that is taken"
                )
        content_type = response.headers.get("content-type", "")
        return Fetched(
            url=url,
            body=bytes(body),
            content_type=content_type,
            media_type=content_type.partition(";")[0].strip().lower(),
            etag=response.headers.get("etag", "")[:_LONGEST_VALIDATOR],
            last_modified=response.headers.get("last-modified", "")[:_LONGEST_VALIDATOR],
            moved_to=url if moved_from and moved_from != url else "",
        )


@cache
def _tls() -> ssl.SSLContext:
    """Trust what browsers trust (certifi) and what this machine's administrator added."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def unpacked(chunks: Iterable[bytes], encoding: str, url: str) -> Iterator[bytes]:
    """Undo gzip or deflate in pieces of bounded size, so that a bomb can be stopped early.

    Raises `CollectError` for other encodings and for broken data.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from chunks
        return
    if name not in ("gzip", "x-gzip", "deflate"):
        raise CollectError(f"{url} answers packed with {name}, which was not asked for")
    unpacker: zlib._Decompress | None = None
    for packed in chunks:
        if unpacker is None:
            # some servers send deflate without its zlib header (RFC 9110, 8.4.1.2)
            bare = name == "deflate" and packed[:1] != b"\x78"
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        while packed:
            try:
                yield unpacker.decompress(packed, _CHUNK)
            except zlib.error:
                raise CollectError(f"{url} answers damaged data: it cannot be unpacked") from None
            packed = unpacker.unconsumed_tail
    if unpacker is not None and not unpacker.eof:
        raise CollectError(f"{url} breaks off in the middle: it cannot be unpacked")


def _check(url: str) -> str:
    """Return the host of an address that may be asked."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise CollectError(f"{url[:200]} is not a web address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise CollectError(f"{url[:200]} is not a web address: only http and https are read")
    if parts.username is not None or parts.password is not None:
        raise CollectError(
            f"an address with a user name in it is not read (at {host}): take the part before @ out"
        )
    return host


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    text = getattr(cause, "strerror", None) or str(cause) or type(error).__name__
    return " ".join(str(text).split()).rstrip(".")[:200]


def _refusal(url: str, status: int, agent: str) -> str:
    try:
        answer = f"{url} answers {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{url} answers {status}, which is no HTTP status"
    if status in (401, 403):
        return f'{answer}: ask the site to let "{agent}" in'
    if status in (404, 410):
        return f"{answer}: check the address"
    if status == 429 or status >= 500:
        return f"{answer}: it is tried again at the next collection"
    return answer
