"""Where on the page a problem shows: found in the finished PDF, by its words or its picture."""

import ctypes
import hashlib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c

from publisher.content.pictures import fingerprint
from publisher.errors import ContentError
from publisher.problems import Problem, Spot
from publisher.render import Rendered
from publisher.render.pdfium import PDFIUM

#: editions of pages, the one an editor looks at first leading
PAGED = ("magazine", "letter", "phone", "print")
_MM = 25.4 / 72
_SPACE = ord(" ")
_CHARACTERS = 40  #: of a long subject that are looked for: no line break changes them
#: checks whose subject is a handful of characters that need not stand together
_SIGNS = frozenset({"glyphs", "stand_in"})
_DEEP = 15  #: levels of nested drawings that may hold pictures
_QUOTES = str.maketrans(dict.fromkeys("«»„“”‟‹›", '"') | dict.fromkeys("‘’‚‛", "'"))


def paged(rendered: Iterable[Rendered]) -> Rendered | None:
    """Return the edition whose pages problems are shown on, if one has pages."""
    made = {edition.edition: edition for edition in rendered if edition.pages}
    return next((made[name] for name in PAGED if name in made), None)


def locate(
    problems: Sequence[Problem], edition: Rendered, folder: Path, cache: Path
) -> tuple[Problem, ...]:
    """Return the problems with page and spot, as far as the edition's PDF shows them.

    What a maker said of the place stays. `folder` is the issue's, to which a picture's
    path is relative; `cache` holds the renditions that are printed.
    """
    wanting = [p for p in problems if p.spot is None and (p.article or p.subject or p.page)]
    if not wanting:
        return tuple(problems)
    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(edition.files[0])
        except (pypdfium2.PdfiumError, OSError):
            return tuple(problems)
        try:
            finder = _Finder(document, edition, folder, cache)
            return tuple(finder.placed(p) if p.spot is None else p for p in problems)
        finally:
            document.close()


@dataclass(frozen=True)
class _Box:
    """A box in millimetres from the page's top left corner."""

    x: float
    y: float
    width: float
    height: float


class _Finder:
    """Looks for words and pictures on the pages of one PDF; reads a page at most once."""

    def __init__(
        self, document: pypdfium2.PdfDocument, edition: Rendered, folder: Path, cache: Path
    ) -> None:
        self.document, self.edition = document, edition
        self.folder, self.cache = folder, cache
        self._begins = sorted(edition.anchors, key=lambda anchor: anchor[1])
        self._texts: dict[int, tuple[str, tuple[int, ...]]] = {}
        self._pictures: dict[int, tuple[tuple[str, _Box], ...]] = {}
        self._links: dict[int, tuple[tuple[str, _Box], ...]] = {}

    def placed(self, problem: Problem) -> Problem:
        """Return a problem with the place it is found at."""
        pages = self._pages(problem)
        for number in pages:
            subject = problem.subject[:1] if problem.check in _SIGNS else problem.subject
            box = self._find(subject, number) if subject else None
            if box:
                spot = Spot(
                    edition=self.edition.edition,
                    page=number,
                    x=round(box.x, 1),
                    y=round(box.y, 1),
                    width=round(box.width, 1),
                    height=round(box.height, 1),
                )
                return replace(problem, page=number, spot=spot)
        if problem.page is None and problem.article and pages:
            return replace(problem, page=pages[0])
        return problem

    def _pages(self, problem: Problem) -> Sequence[int]:
        """Return the pages a problem may stand on: its own, its article's, or all."""
        count = len(self.document)
        if problem.page:
            return [problem.page] if problem.page <= count else []
        if not problem.article:
            return range(1, count + 1)
        first = dict(self._begins).get(problem.article)
        if first is None or first > count:
            return []
        pages = [page for _, page in self._begins]
        after = bisect_right(pages, first)
        last = pages[after] - 1 if after < len(pages) else count
        return range(first, max(first, last) + 1)

    def _find(self, subject: str, number: int) -> _Box | None:
        if subject.startswith(("http://", "https://")):
            return self._link(subject, number)
        if "/" in subject and " " not in subject:
            return self._picture(subject, number)
        return self._words(subject, number)

    def _picture(self, path: str, number: int) -> _Box | None:
        """Return the largest place on a page where a picture is printed, in whatever size."""
        try:
            name = fingerprint(self.folder / path)
        except (ContentError, OSError, ValueError):
            return None
        wanted = {_digest(file) for file in self.cache.glob(f"{name}-*.*")}
        boxes = [box for digest, box in self._pictures_on(number) if digest in wanted]
        return max(boxes, key=lambda box: box.width * box.height, default=None)

    def _pictures_on(self, number: int) -> tuple[tuple[str, _Box], ...]:
        if number not in self._pictures:
            page = self.document[number - 1]
            self._pictures[number] = tuple(_pictures(page))
            page.close()
        return self._pictures[number]

    def _link(self, address: str, number: int) -> _Box | None:
        """Return the place of the first link on a page that leads to an address."""
        if number not in self._links:
            page = self.document[number - 1]
            self._links[number] = tuple(_links(self.document, page))
            page.close()
        wanted = address.rstrip("/")
        return next((b for url, b in self._links[number] if _asked(url) == wanted), None)

    def _words(self, subject: str, number: int) -> _Box | None:
        """Return the box of some words, however they are broken and typeset.

        Of words that run on in another column, their first line.
        """
        if number not in self._texts:
            page = self.document[number - 1]
            self._texts[number] = _text(page)
            page.close()
        text, indices = self._texts[number]
        bare = "".join(_bare(subject))
        for wanted in dict.fromkeys((bare, bare[:_CHARACTERS])):
            at = text.find(wanted) if wanted else -1
            if at >= 0:
                page = self.document[number - 1]
                found = _letters(page, indices[at : at + len(wanted)])
                page.close()
                return _around(found)
        return None


def _around(letters: Sequence[_Box]) -> _Box:
    """Return the box around letters, of the first line only if they do not stand as one block."""
    lines: list[list[_Box]] = [[]]
    for box in letters:
        if lines[-1] and abs(box.y - lines[-1][0].y) > max(2.0, lines[-1][0].height):
            lines.append([])
        lines[-1].append(box)
    tops = [line[0].y for line in lines]
    if tops != sorted(tops):
        lines = lines[:1]
    found = [box for line in lines for box in line]
    left, top = min(b.x for b in found), min(b.y for b in found)
    right, foot = max(b.x + b.width for b in found), max(b.y + b.height for b in found)
    return _Box(left, top, right - left, foot - top)


def _text(page: pypdfium2.PdfPage) -> tuple[str, tuple[int, ...]]:
    """Return a page's letters without spaces and hyphens, and the place of each in its text."""
    reader = page.get_textpage()
    letters: list[str] = []
    indices: list[int] = []
    for index in range(reader.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(reader, index)
        if code == _SPACE:
            continue
        for sign in _bare(chr(code) if 0 < code < 0x110000 else ""):
            letters.append(sign)
            indices.append(index)
    reader.close()
    return "".join(letters), tuple(indices)


def _letters(page: pypdfium2.PdfPage, indices: Sequence[int]) -> list[_Box]:
    """Return the boxes of some letters of a page's text."""
    height = page.get_height()
    reader = page.get_textpage()
    boxes = []
    for index in indices:
        left, bottom, right, top = reader.get_charbox(index)
        boxes.append(
            _Box(left * _MM, (height - top) * _MM, (right - left) * _MM, (top - bottom) * _MM)
        )
    reader.close()
    return boxes


def _bare(text: str) -> Iterator[str]:
    """Yield the signs of a text that no typesetter changes: no spaces, hyphens, kinds of quotes."""
    if text.isascii() and text.isalnum():  # nearly all letters of a page come by here
        yield from text
        return
    for part in unicodedata.normalize("NFKC", text.translate(_QUOTES)):
        if not part.isspace() and unicodedata.category(part) not in ("Cf", "Cc", "Pd"):
            yield part


def _pictures(page: pypdfium2.PdfPage) -> Iterator[tuple[str, _Box]]:
    height = page.get_height()
    for picture in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEP):
        with suppress(pypdfium2.PdfiumError):
            left, bottom, right, top = picture.get_bounds()
            data = bytes(picture.get_data(decode_simple=False))
            box = _Box(left * _MM, (height - top) * _MM, (right - left) * _MM, (top - bottom) * _MM)
            yield hashlib.sha256(data).hexdigest(), box


def _links(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[tuple[str, _Box]]:
    """Yield the web addresses a page's links lead to, and where they stand."""
    height = page.get_height()
    position, link, frame = ctypes.c_int(0), pdfium_c.FPDF_LINK(), pdfium_c.FS_RECTF()
    while pdfium_c.FPDFLink_Enumerate(page, position, link):
        action = pdfium_c.FPDFLink_GetAction(link)
        if not action or not pdfium_c.FPDFLink_GetAnnotRect(link, frame):
            continue
        size = pdfium_c.FPDFAction_GetURIPath(document, action, None, 0)
        if not size:
            continue
        buffer = ctypes.create_string_buffer(size)
        pdfium_c.FPDFAction_GetURIPath(document, action, buffer, size)
        address = buffer.value.decode("utf-8", "replace")
        # some writers name the corners the other way round
        left, right = sorted((frame.left, frame.right))
        bottom, top = sorted((frame.bottom, frame.top))
        box = _Box(left * _MM, (height - top) * _MM, (right - left) * _MM, (top - bottom) * _MM)
        yield address, box


def _asked(address: str) -> str:
    return address.partition("#")[0].rstrip("/")


def _digest(path: Path) -> str:
    # renditions are named after their content and never change
    return _digest_of(path)


@lru_cache(maxsize=1024)
def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
