"""What the layout engine would merely log, as remarks."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weasyprint.document import Document

NO_ALT = "a picture has no alternative text"
OVERSET = "the page holds more than fits"
FAMILY = re.compile(r'@font-face\s*\{[^}]*?font-family:\s*"([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something the engine noticed: what a reader would miss, and the word or file it is about."""

    text: str
    subject: str = ""  #: file name, character or CSS, to find the article by
    serious: bool = False
    page: int | None = None
    check: str = ""  #: its name in [preflight]


def strange_fonts(document: Document, ours: frozenset[str]) -> list[Remark]:
    """Return a remark for each face that is not ours: the machine's fonts differ elsewhere."""
    return [
        Remark(
            text=f"some characters are in none of the magazine's fonts; {font.family} stood in",
            subject="".join(dict.fromkeys("".join(font.to_unicode.values()))),
            check="stand_in",
        )
        for font in document.fonts.values()
        if font.to_unicode and font.family not in ours
    ]


class _Listener(logging.Handler):
    def __init__(self, remarks: list[Remark]) -> None:
        super().__init__(logging.WARNING)
        self.remarks = remarks

    def emit(self, record: logging.LogRecord) -> None:
        # a target that is not there is logged twice; the second time it says which link
        if not record.getMessage().startswith("Content discarded: target"):
            self.remarks.append(_remark(record))


@contextmanager
def listening() -> Iterator[list[Remark]]:
    """Collect what the engine logs instead of letting it print it."""
    logger = logging.getLogger("weasyprint")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    remarks: list[Remark] = []
    logger.handlers, logger.propagate = [_Listener(remarks)], False
    logger.setLevel(logging.WARNING)
    try:
        yield remarks
    finally:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def _remark(record: logging.LogRecord) -> Remark:
    args = record.args if isinstance(record.args, tuple) else ()
    message = record.getMessage()
    if message.startswith("Failed to load image"):
        name = Path(url2pathname(urlsplit(str(args[0])).path)).name
        reason = str(args[1]).removeprefix("ValueError: ").removeprefix("URLFetchingError: ")
        return Remark(
            text=f"the picture {name} cannot be used: {reason}",
            subject=name,
            serious=True,
            check="missing_picture",
        )
    if message.startswith(".notdef glyph"):
        return Remark(
            text=f"the character “{args[0]}” (U+{args[1]:04X}) is in no font: it prints as a box",
            subject=str(args[0]),
            serious=True,
            check="glyphs",
        )
    if "has no required alt" in message:
        return Remark(text=NO_ALT, subject=Path(str(args[0])).name, serious=True, check="alt_text")
    if message.startswith("No anchor"):
        return Remark(text=f"a link points nowhere: {message}", subject=message)
    return Remark(text=f"the layout engine says: {message}", subject=message)
