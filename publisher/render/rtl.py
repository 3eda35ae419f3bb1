"""Text read from the right, and text among it that is not, written so that it is set well."""

import re
import unicodedata

from markupsafe import Markup, escape

from publisher.content.locales import is_rtl

#: a space before an inline element; a link's would be underlined
_SPACE_BEFORE = re.compile(
    r" (?P<tag><(?:b|strong|em|i|abbr|cite|mark|q|small|ins|u|s)(?: [^>]*)?>)(?=[^\s<])"
)


def spaces_within(html: str) -> str:
    """Move the space before words set apart into their element.

    WeasyPrint drops the space at the end of a line and then moves the line by its width;
    where letters run from the right it moves it the wrong way, out of the column. It does
    so only where the space is the last thing before an element.
    """
    return _SPACE_BEFORE.sub(r"\g<tag> ", html)


def apart(text: str, language: str) -> Markup:
    """Return a text that may run against its language's direction as HTML.

    Its points and brackets then stay on its own side: the engine knows no `dir="auto"`.
    """
    strong = (unicodedata.bidirectional(letter) for letter in text)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "")
    if not first or (first != "L") == is_rtl(language):
        return escape(text)
    direction = "ltr" if first == "L" else "rtl"
    return Markup('<span dir="{}">{}</span>').format(direction, text)
