"""Small things about foreign text: plain words, safe addresses, who an article is."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from bs4 import Tag
from bs4.element import NavigableString

# C0 and C1 controls, zero-width space, soft hyphen, byte order mark; the joiners and
# direction marks of Arabic, Persian and Hebrew stay
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_APART = frozenset(
    [
        "br",
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "td",
        "th",
        "dt",
        "dd",
        "figcaption",
        "cite",
        "footer",
        "small",
    ]
)
_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|_ga|ref_src|at_\w+|xtor|cmpid|ns_\w+",
    re.IGNORECASE,
)
_UNSAFE_IN_ADDRESS = re.compile(r'[\s"\'<>()\[\]{}|\\^`*]|[^\x00-\x7f]')
#: letters of scripts that tell the language well enough when a feed claims another
_SCRIPTS = {"ar": re.compile(r"[\u0621-\u064a]"), "he": re.compile(r"[\u05d0-\u05ea]")}
_WRITTEN_WITH = {"ar": {"ar", "fa", "ur", "ps", "ku", "ckb", "ug", "sd"}, "he": {"he", "yi"}}


def visible(text: str) -> str:
    """Return the text without control and invisible characters, in NFC."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def one_line(text: str) -> str:
    """Return the text in one line."""
    return " ".join(visible(text).split())


def words_of(tag: Tag) -> str:
    """Return what an element says, in one line; its text is text, whatever it looks like."""
    parts = [
        str(part) if isinstance(part, NavigableString) else (" " if part.name in _APART else "")
        for part in tag.descendants
        if isinstance(part, (NavigableString, Tag))
    ]
    return one_line("".join(parts))


def living(root: Tag, *names: Any, **wanted: Any) -> Iterator[Tag]:
    """Find elements as `find_all` does, without those that went while we were at it."""
    return (tag for tag in root.find_all(*names, **wanted) if not tag.decomposed)


def plain(text: str) -> str:
    """Return one line of plain text from text or HTML, whichever a feed has sent."""
    if "<" in text:
        text = _TAG.sub(" ", _UNSEEN.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    return one_line(text)


def web_address(value: str, base: str = "") -> str:
    """Return an absolute http(s) address that is safe inside Markdown, or ""."""
    if not value.strip():
        return ""
    try:
        joined = urljoin(base, _INVISIBLE.sub("", value).strip())
        parts = urlsplit(joined)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return ""
        host = parts.netloc if parts.netloc.isascii() else _ascii_host(parts.netloc)
    except (ValueError, UnicodeError):
        return ""
    if _UNSAFE_IN_ADDRESS.search(host):
        return ""
    path, query, fragment = (
        _UNSAFE_IN_ADDRESS.sub(lambda hit: quote(hit[0], safe=""), part)
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, host, path, query, fragment))


def _ascii_host(netloc: str) -> str:
    host, colon, port = netloc.partition(":")
    return host.encode("idna").decode() + colon + port


def without_tracking(url: str) -> str:
    """Return an article's address without the parameters that only count clicks."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    ]
    if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)):
        return url
    return urlunsplit(parts._replace(query=urlencode(kept)))


def same_address(url: str) -> str:
    """Return what two spellings of one address have in common; other texts stay as they are.

    http and https, a trailing slash, a leading www., fragments, the order of parameters
    and click counters make no difference.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return url
    host = parts.hostname.lower().removeprefix("www.")
    if port and port not in (80, 443):
        host += f":{port}"
    query = urlencode(
        sorted(
            pair
            for pair in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.fullmatch(pair[0])
        )
    )
    return urlunsplit(("https", host, parts.path.rstrip("/") or "/", query, ""))


def same_title(title: str) -> str:
    """Return what two spellings of one headline have in common."""
    letters = unicodedata.normalize("NFKD", title).casefold()
    return " ".join(re.sub(r"[^\w\s]|_", "", re.sub(r"[\u0300-\u036f]", "", letters)).split())


def digest(*texts: str) -> str:
    """Return a short fingerprint of what a source said, blind to markup and white space."""
    said = "\x1f".join(plain(text) for text in texts)
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def language_of(claimed: str, text: str) -> str:
    """Return an article's language: as claimed, unless its very letters say otherwise."""
    primary = claimed.split("-")[0]
    letters = sum(1 for character in text if character.isalpha()) or 1
    for language, script in _SCRIPTS.items():
        share = len(script.findall(text)) / letters
        if share > 0.5 and primary not in _WRITTEN_WITH[language]:
            return language
        if share < 0.05 and letters > 40 and primary in _WRITTEN_WITH[language]:
            return ""
    return claimed


def language_tag(written: str) -> str:
    """Return a language tag such as en or pt-BR from what a feed says, or ""."""
    parts = written.strip().replace("_", "-").split("-")
    if not re.fullmatch(r"[A-Za-z]{2,3}", parts[0]):
        return ""
    region = [part.upper() for part in parts[1:2] if re.fullmatch(r"[A-Za-z]{2}", part)]
    return "-".join([parts[0].lower(), *region])
