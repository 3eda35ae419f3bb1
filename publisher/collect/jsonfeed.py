"""Read JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1); feedparser reads none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from publisher.collect.entry import Entry, text_as_html
from publisher.collect.figures import Figure
from publisher.collect.text import web_address
from publisher.errors import CollectError


def looks_like_json(data: bytes) -> bool:
    """Tell JSON from XML by its first sign."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def parse_json_feed(data: bytes, url: str) -> tuple[list[Entry], str]:
    """Return the entries of a JSON Feed and its language; raise `CollectError` if it is none."""
    try:
        feed = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise CollectError(f"{url} is broken JSON: tell the site's keeper") from None
    version = feed.get("version") if isinstance(feed, dict) else None
    if not isinstance(version, str) or "jsonfeed.org" not in version:
        raise CollectError(f"{url} is JSON but no JSON Feed: give the address of the feed")
    items = feed.get("items")
    entries = [_entry(item, feed, url) for item in _dicts(items)]
    return entries, _text(feed.get("language"))


def _entry(item: dict[str, Any], feed: dict[str, Any], url: str) -> Entry:
    image = web_address(_text(item.get("image")) or _text(item.get("banner_image")), url)
    if not image:
        for attached in _dicts(item.get("attachments")):
            if _text(attached.get("mime_type")).startswith("image/"):
                image = web_address(_text(attached.get("url")), url)
                break
    text = _text(item.get("content_text"))
    return Entry(
        id=_text(item.get("id")),
        url=_text(item.get("url")) or _text(item.get("external_url")),
        title=_text(item.get("title")),
        html=_text(item.get("content_html")) or text_as_html(text),
        summary=_text(item.get("summary")),
        authors=tuple(_authors(item)) or tuple(_authors(feed)),
        published=_moment(item.get("date_published")) or _moment(item.get("date_modified")),
        categories=tuple(_text(tag) for tag in item.get("tags") or () if isinstance(tag, str))
        if isinstance(item.get("tags"), list)
        else (),
        language=_text(item.get("language")),
        picture=Figure(address=image) if image else None,
        base=_text(item.get("url")) or url,
    )


def _authors(thing: dict[str, Any]) -> Iterator[str]:
    # 1.0 had one author, 1.1 has several
    for author in (*_dicts(thing.get("authors")), *_dicts([thing.get("author")])):
        if _text(author.get("name")):
            yield _text(author.get("name"))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)


def _moment(value: Any) -> datetime | None:
    """Read RFC 3339; a date without an offset is taken in UTC."""
    try:
        moment = datetime.fromisoformat(_text(value).strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
