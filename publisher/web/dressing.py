"""E-mail and web edition dressed for the preview: light or dark whatever the desk, links that stay at home."""

import re

from publisher.render.links import Links
from publisher.render.message import UNSUBSCRIBE

#: where the preview serves what the public pages will
AT = "/web/"
#: nothing is fetched from elsewhere, nothing runs
POLICY = (
    "default-src 'none'; img-src 'self' data:; font-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; frame-ancestors 'self';"
    " sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_ABLE = re.compile(
    r'(color-scheme["\']?\s*(?::|\scontent=["\'])\s*)(?:light\s+dark|dark\s+light)', re.IGNORECASE
)
_LINK = re.compile(r'<a (?=[^>]*href="https?://)(?![^>]*\btarget=)', re.IGNORECASE)
_TRUE, _FALSE = "(min-width: 0)", "(max-width: 0)"


def dress(html: str, links: Links, *, dark: bool) -> str:
    """Return a document as readers with a dark or a light screen see it.

    Media queries for the colour scheme are answered here, so that the editor's own
    screen has no say. Addresses of the issue's public pages lead to the preview, other
    links open a window of their own.
    """
    scheme = "dark" if dark else "light"
    html = _SCHEME.sub(lambda m: _TRUE if m[1].lower() == scheme else _FALSE, html)
    html = _ABLE.sub(rf"\g<1>{scheme}", html)
    html = html.replace(links.issue, AT).replace(UNSUBSCRIBE, "#")
    return _LINK.sub('<a target="_blank" rel="noopener noreferrer" ', html)
