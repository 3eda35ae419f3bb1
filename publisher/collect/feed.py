"""A feed as a source: RSS and Atom by feedparser, JSON Feed by our own reader."""

import calendar
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from time import struct_time
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import feedparser

from publisher.collect.entry import Entry, draw, text_as_html, without_twins
from publisher.collect.fetch import Fetched, Fetcher
from publisher.collect.figures import Figure, split_credit
from publisher.collect.jsonfeed import looks_like_json, parse_json_feed
from publisher.collect.source import Found, PictureFile, Reading, Validators
from publisher.collect.text import plain, web_address
from publisher.config import Section, SourceConfig
from publisher.content.article import slugify
from publisher.content.pictures import normalise
from publisher.errors import CollectError, ContentError
from publisher.problems import Problem

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_PICTURES = "image/jpeg, image/png, image/webp, image/avif, image/gif;q=0.8, image/*;q=0.5"
_ALTERNATE = re.compile(
    rb"<link\b[^<>]*\btype=[\"']application/(?:rss\+xml|atom\+xml|feed\+json)[\"'][^<>]*>", re.I
)
_HREF = re.compile(rb"\bhref=[\"']([^\"'<>\s]+)[\"']", re.I)
_SMALLEST = 64  #: pixels; smaller pictures are icons and counters


log = logging.getLogger(__name__)


class FeedSource:
    """An RSS, Atom or JSON feed, read over HTTP."""

    keeps_everything = False

    def __init__(
        self,
        config: SourceConfig,
        fetcher: Fetcher,
        *,
        sections: Sequence[Section],
        zone: ZoneInfo,
    ) -> None:
        self.config, self.fetcher, self.sections, self.zone = config, fetcher, sections, zone

    @property
    def label(self) -> str:
        """The name an operator sees."""
        return self.config.label

    @property
    def address(self) -> str:
        """The feed's address."""
        return self.config.url

    def read(self, validators: Validators) -> Reading:
        """Fetch the feed, if it has changed, and make articles of its entries."""
        answer = self.fetcher.get(
            self.config.url,
            accept=_ACCEPT,
            etag=validators.etag,
            last_modified=validators.last_modified,
            max_bytes=self.fetcher.limits.feed_bytes,
        )
        if answer.not_modified:
            return Reading()
        entries, language, broken = parse_feed(answer)
        problems = [self._problem(broken)] if broken else []
        if answer.moved_to:
            problems.append(
                self._problem(f"the feed has moved: set url = {answer.moved_to!r} for this source")
            )
        most = self.fetcher.limits.entries
        found, told, whole = self._draw_all(entries[:most], language)
        return Reading(
            found=found,
            problems=(*problems, *told),
            validators=Validators(answer.etag, answer.last_modified),
            complete=whole and len(entries) <= most and not broken,
        )

    def _draw_all(
        self, entries: Sequence[Entry], language: str
    ) -> tuple[tuple[Found, ...], list[Problem], bool]:
        found: list[Found] = []
        problems: list[Problem] = []
        short, whole = 0, True
        for entry in without_twins(entries):
            try:
                drawn = draw(self._local(entry), self.config, self.sections, language)
            except CollectError as error:
                problems.append(self._problem(f"“{plain(entry.title)}” ({entry.url}): {error}"))
                continue
            except Exception as error:  # one hostile entry must not cost the others
                whole = False
                log.exception("an entry of %s cannot be read: %s", self.config.url, entry.url)
                problems.append(
                    self._problem(
                        f"“{plain(entry.title)}” ({entry.url}) was not taken by a mistake in"
                        f" Publisher ({type(error).__name__}): the log has the details"
                    )
                )
                continue
            if drawn is None:
                problems.append(
                    self._problem("an entry has neither headline nor text, so it was not taken")
                )
                continue
            short += drawn.summary_only
            found.append(drawn.found)
        if short:
            problems.append(
                self._problem(
                    f"{short} of {len(found)} entries hold a summary only, so articles are taken"
                    " with that: ask the site for full text in its feed, or paste the text in"
                )
            )
        return tuple(found), problems, whole

    def _local(self, entry: Entry) -> Entry:
        """Return the entry with its date in the publication's zone, as editors read it."""
        moment = entry.published
        return replace(entry, published=moment.astimezone(self.zone)) if moment else entry

    def _problem(self, message: str) -> Problem:
        return Problem(message=message, source=self.label)

    def picture(self, found: Found, name: str) -> PictureFile:
        """Download a picture and make it normal; icons and counters are refused."""
        answer = self.fetcher.get(
            name, accept=_PICTURES, max_bytes=self.fetcher.limits.picture_bytes
        )
        try:
            normal = normalise(answer.body)
        except ContentError as error:
            kind = f" ({answer.media_type})" if answer.media_type else ""
            raise CollectError(f"{name} is no picture we can use{kind}: {error}") from None
        if max(normal.size.width, normal.size.height) < _SMALLEST:
            raise CollectError(f"{name} is too small to print")
        stem = slugify(PurePosixPath(unquote(urlsplit(name).path)).stem)[:40].strip("-")
        return PictureFile(
            name=f"{stem or found.article.slug[:40].strip('-')}.{normal.extension}",
            data=normal.data,
        )


def parse_feed(answer: Fetched) -> tuple[list[Entry], str, str]:
    """Return a feed's entries, its language, and one sentence if it is broken.

    What can be read of a broken feed is returned; raises `CollectError` when it is no
    feed at all.
    """
    data, url = answer.body, answer.url
    if not data.strip():
        raise CollectError(f"{url} answers with an empty page: tell the site's keeper")
    if looks_like_json(data):
        entries, language = parse_json_feed(data, url)
        return entries, language, ""
    parsed = feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-type": _content_type(answer), "content-location": url},
        # our own cleaner needs the figures and classes that feedparser would take away
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version:
        raise CollectError(_not_a_feed(answer))
    broken = ""
    if isinstance(parsed.get("bozo_exception"), Exception) and not _harmless(parsed):
        reason = " ".join(str(parsed.bozo_exception).split())
        broken = (
            f"the feed is broken ({reason}), so articles may be missing:"
            " what could be read was taken; tell the site's keeper"
        )
    entries = [_entry(entry, url) for entry in parsed.entries]
    return entries, str(parsed.feed.get("language") or ""), broken


def _content_type(answer: Fetched) -> str:
    """Return what the bytes are: valid UTF-8 is UTF-8, whatever the server claims."""
    try:
        answer.body.decode("utf-8")
    except UnicodeDecodeError:
        return answer.content_type
    if re.match(rb"\s*<\?xml[^>]*encoding=[\"'](?!utf-?8)", answer.body, re.IGNORECASE):
        # pure ASCII passes for anything; UTF-16 never gets here
        return "application/xml; charset=utf-8" if not answer.body.isascii() else "application/xml"
    return "application/xml; charset=utf-8"


def _harmless(parsed: Any) -> bool:
    return isinstance(
        parsed.bozo_exception,
        (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType),
    )


def _not_a_feed(answer: Fetched) -> str:
    head = answer.body[:200_000]
    if not re.search(rb"<html\b|<!doctype html|<body\b", head, re.IGNORECASE):
        what = answer.media_type or "something"
        return f"{answer.url} answers {what}, not a feed: check the address"
    link = _ALTERNATE.search(head)
    href = _HREF.search(link[0]) if link else None
    feed = web_address(href[1].decode("ascii", "ignore"), answer.url) if href else ""
    hint = f"try url = {feed!r}" if feed else "give the address of its feed"
    return f"{answer.url} is a web page, not a feed: {hint}"


def _entry(entry: Any, url: str) -> Entry:
    contents = [_as_html(content) for content in entry.get("content") or ()]
    summary = _as_html(entry.get("summary_detail") or {})
    # a media:description that follows the description arrives as content
    text = max(contents, key=len, default="")
    full = text if len(text) > len(summary) else ""
    if not full and not summary:
        summary = text
    detail = next((c for c in entry.get("content") or () if c.get("base")), None)
    base = (detail or entry.get("summary_detail") or {}).get("base") or url
    link = entry.get("feedburner_origlink") or entry.get("link") or ""
    if not link and entry.get("guidislink") is not False:
        link = web_address(str(entry.get("id") or ""))
    return Entry(
        id=str(entry.get("id") or ""),
        url=web_address(str(link), url),
        title=_title(entry.get("title_detail") or {}),
        html=full,
        summary=summary,
        authors=_authors(entry),
        published=_moment(entry.get("published_parsed")) or _moment(entry.get("updated_parsed")),
        categories=tuple(str(tag.get("term") or "") for tag in entry.get("tags") or ()),
        language=str((detail or {}).get("language") or ""),
        picture=_picture(entry, url),
        base=web_address(str(base), url) or url,
    )


def _as_html(detail: Any) -> str:
    value = str(detail.get("value") or "")
    return text_as_html(value) if detail.get("type") == "text/plain" else value


def _title(detail: Any) -> str:
    # entities escaped twice are common in RSS, tags meant as text are not
    value = str(detail.get("value") or "")
    return _as_html(detail) if "<" in value else value


def _authors(entry: Any) -> tuple[str, ...]:
    names = [str(author.get("name") or "") for author in entry.get("authors") or ()]
    return tuple(name for name in names if name and "@" not in name)


def _moment(parsed: struct_time | None) -> datetime | None:
    """Return feedparser's UTC tuple as an aware moment."""
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _picture(entry: Any, url: str) -> Figure | None:
    """Return the picture a feed names beside the text, the largest it offers."""
    offers: list[tuple[int, str]] = []
    for media in entry.get("media_content") or ():
        kind = f"{media.get('medium') or ''} {media.get('type') or ''}"
        named = re.search(r"\.(jpe?g|png|webp|avif|gif)$", urlsplit_path(media.get("url")), re.I)
        if "image" in kind or (not kind.strip() and named):
            offers.append((_pixels(media.get("width")) + 1, str(media.get("url") or "")))
    offers += [
        (1, str(link.get("href") or ""))
        for link in entry.get("links") or ()
        if link.get("rel") == "enclosure" and str(link.get("type") or "").startswith("image/")
    ]
    offers += [(0, str(media.get("url") or "")) for media in entry.get("media_thumbnail") or ()]
    address = web_address(max(offers, key=lambda offer: offer[0])[1], url) if offers else ""
    if not address:
        return None
    credits = [plain(str(c.get("content") or "")) for c in entry.get("media_credit") or ()]
    credit = ", ".join(name for name in credits if name)
    return Figure(address=address, credit=split_credit(credit)[1] or credit)


def urlsplit_path(value: Any) -> str:
    """Return the path of an address, or "" of what is none."""
    try:
        return urlsplit(str(value or "")).path
    except ValueError:
        return ""


def _pixels(value: Any) -> int:
    written = str(value or "").removesuffix("px")
    return int(written[:6]) if written.isdecimal() else 0
