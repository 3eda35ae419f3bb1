"""The web addresses that readers of an issue are given."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit, urlunsplit

from publisher.content.article import Article
from publisher.content.issue import Issue

_WHOLE = re.compile(r"https?://[^\s<>\"“”»|\\^`{}\[\]]+", re.IGNORECASE)
_RELATIVE = re.compile(r"(?<!!)\[[^\[\]]*\]\(\s*(/[^\s)]*)")
_AFTER = ".,;:!?'*_…’"  #: ends the sentence, not the address


def addresses_of(article: Article) -> tuple[str, ...]:
    """Return every web address an article leads to, once each, in the order they stand.

    An address ends before what closes the sentence or the bracket around it; places on a
    page (#...) belong to the page.
    """
    found = [article.url] if article.url else []
    for text in (article.standfirst, article.body, *article.sources, *article.corrections):
        found += [_closed(hit[0]) for hit in _WHOLE.finditer(text)]
        if article.url:
            found += [urljoin(article.url, path) for path in _RELATIVE.findall(text)]
    return tuple(dict.fromkeys(filter(None, map(_asked_for, found))))


def addresses_in(issue: Issue, but: str = "") -> Iterator[tuple[str, str]]:
    """Yield (slug, address) for all that an issue leads to, except what begins with `but`.

    Our own public pages of an issue are not there before it is sent.
    """
    for article in issue.articles:
        for address in addresses_of(article):
            if not (but and address.startswith(but)):
                yield article.slug, address


def _closed(address: str) -> str:
    """Take off the brackets and signs that the sentence closes with."""
    depth = 0
    for place, sign in enumerate(address):
        depth += (sign == "(") - (sign == ")")
        if depth < 0:  # this bracket was opened before the address
            address = address[:place]
            break
    return address.rstrip(_AFTER)


def _asked_for(address: str) -> str:
    """Return what a server is asked for; "" if nothing can be."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    # names under .example are for invented sites, such as the demo's (RFC 2606): nobody answers
    if parts.scheme.lower() not in ("http", "https") or not host or host.endswith(".example"):
        return ""
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path, parts.query, ""))
