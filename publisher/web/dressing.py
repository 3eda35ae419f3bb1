"""E-mail and web edition in the preview: light or dark as asked, links that stay at home."""

import re

from publisher.render.links import Links
from publisher.render.message import PREFERENCES, UNSUBSCRIBE

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
#: links to anything but places on the same page
_LINK = re.compile(r'<a (?=[^>]*href="(?!#))(?![^>]*\btarget=)', re.IGNORECASE)
#: keeps the issue for reading offline, which would show an editor what was
_SCRIPT = re.compile(r"<script src=[^>]*></script>\s*", re.IGNORECASE)
_TRUE, _FALSE = "(min-width: 0)", "(max-width: 0)"


def dress(text: str, *, dark: bool) -> str:
    """Return HTML or CSS as readers with a dark or a light screen see it.

    Media queries for the colour scheme are answered here, so that the editor's own
    screen has no say.
    """
    scheme = "dark" if dark else "light"
    text = _SCHEME.sub(lambda m: _TRUE if m[1].lower() == scheme else _FALSE, text)
    return _ABLE.sub(rf"\g<1>{scheme}", text)


def keep_at_home(html: str, links: Links, at: str) -> str:
    """Lead the issue's public addresses to the preview (`at`); let links open a new window.

    The page's script, which would not run here, is left out.
    """
    html = _SCRIPT.sub("", html)
    html = html.replace(links.issue, at).replace(UNSUBSCRIBE, "#").replace(PREFERENCES, "#")
    return _LINK.sub('<a target="_blank" rel="noopener noreferrer" ', html)
