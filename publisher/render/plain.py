"""Plain text that is a pleasure to read: wrapped, ruled, without stray blank lines."""

import re
import textwrap

WIDTH = 72  #: columns; leaves room for quoting in 80
#: what may become one space; no-break spaces are left alone
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def wrap(text: str, indent: int = 0, first: str = "") -> str:
    """Wrap a text at 72 columns, each paragraph by itself; addresses are never broken.

    `first` begins the first line, inside the indent: a bullet or a number.
    """
    margin = " " * indent
    paragraphs = []
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        lead = margin[: max(0, indent - len(first))] + first if number == 0 else margin
        paragraphs.append(
            textwrap.fill(
                _one_line(paragraph),
                width=WIDTH,
                initial_indent=lead,
                subsequent_indent=margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n\n".join(paragraphs)


def line(text: str) -> str:
    """Put a text on one line: no line ends, no control characters (it may become a header)."""
    return _one_line(_CONTROL.sub(" ", text))


def rule(mark: str = "-") -> str:
    """Return a line across the page."""
    return mark * WIDTH


def shorten(text: str, limit: int) -> str:
    """Cut a text after a whole word so that it has at most `limit` characters, ellipsis and all."""
    text = _one_line(text)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    cut = cut.rsplit(" ", 1)[0] if " " in cut else cut
    return cut.rstrip(" ,;:.–—-") + "…"


def tidy(text: str) -> str:
    """Drop spaces at line ends and more than one blank line in a row; end with one line end."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n"))
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
