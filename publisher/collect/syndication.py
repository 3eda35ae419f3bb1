"""RSS and Atom by feedparser, JSON Feed by our own reader -> entries."""

import calendar
import io
import logging
import re
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import urlsplit

import feedparser

from publisher.collect.entry import Entry, text_as_html
from publisher.collect.fetch import Fetched
from publisher.collect.figures import Figure, split_credit
from publisher.collect.jsonfeed import looks_like_json, parse_json_feed
from publisher.collect.text import plain, web_address
from publisher.errors import CollectError

log = logging.getLogger(__name__)
_ALTERNATE = re.compile(
    rb"<link\b[^<>]*\btype=[\"']application/(?:rss\+xml|atom\+xml|feed\+json)[\"'][^<>]*>", re.I
)
_HREF = re.compile(rb"\bhref=[\"']([^\"'<>\s]+)[\"']", re.I)
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_REFERENCES = re.compile(rb"(?:&#(?:[xX][0-9a-fA-F]{1,8}|[0-9]{1,9});)+")


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
    try:
        parsed = feedparser.parse(
            io.BytesIO(_with_whole_characters(data)),
            response_headers={"content-type": _content_type(answer), "content-location": url},
            # our own cleaner needs the figures and classes that feedparser would take away
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # its lenient parser trips over some broken feeds
        log.info("feedparser gave up on %s", url, exc_info=True)
        raise CollectError(
            f"{url} is so broken that it cannot be read ({type(error).__name__}):"
            " tell the site's keeper"
        ) from None
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


def _with_whole_characters(data: bytes) -> bytes:
    """Mend references to half a character, as in &#55357;&#56832; for a smiley.

    XML forbids them (and controls such as &#0;), yet some sites write them.
    """

    def mend(match: re.Match[bytes]) -> bytes:
        written = _REFERENCE.findall(match[0])
        codes = [int(hexa, 16) if hexa else int(number) for hexa, number in written]
        if all(code in (9, 10, 13) or 32 <= code < 0xD800 for code in codes):
            return match[0]
        units = "".join(chr(code) for code in codes if code <= 0x10FFFF)
        text = units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "ignore")
        return "".join(f"&#{ord(sign)};" for sign in text if sign >= " ").encode()

    return _REFERENCES.sub(mend, data)


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
        published=_published(entry),
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


def _published(entry: Any) -> datetime | None:
    # asking feedparser for a date that is not there makes it warn and look elsewhere
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        moment = _moment(entry[name]) if name in entry else None
        if moment:
            return moment
    return None


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
