"""Look at finished pages as a reader does: where words stand, what colour a place has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageStat

from publisher.render.pdfium import PDFIUM

PICTURES = Path(__file__).parent / "pictures"
_MM = 25.4 / 72


@dataclass(frozen=True)
class Spot:
    """Where words begin on a page: millimetres from its left and upper edges."""

    x: float
    y: float
    height: float  #: of the first letter's ink
    wide: float  #: of the page


@dataclass(frozen=True)
class Pages:
    """A PDF, page by page, from 1."""

    path: Path

    @contextmanager
    def _opened(self) -> Iterator[pypdfium2.PdfDocument]:
        with PDFIUM:
            document = pypdfium2.PdfDocument(self.path)
            try:
                yield document
            finally:
                document.close()

    def text(self, number: int) -> str:
        """The text of a page, white space made one but for no-break spaces."""
        with self._opened() as document:
            text = document[number - 1].get_textpage().get_text_bounded()
        return " ".join(text.replace("\u00ad", "").split(" ")).replace("\r\n", "\n")

    def find(self, words: str) -> int:
        """The first page with these words after the contents."""
        with self._opened() as document:
            for number in range(2, len(document)):
                if document[number].get_textpage().search(words).get_next():
                    return number + 1
        raise AssertionError(f"{words!r} stands on no page")

    def spots(self, number: int, words: str, letter: int = 0) -> list[Spot]:
        """Where one letter of some words stands on a page, each time they do."""
        found = []
        with self._opened() as document:
            page = document[number - 1]
            text = page.get_textpage()
            search = text.search(words)
            width, height = page.get_size()
            while place := search.get_next():
                left, bottom, right, top = text.get_charbox(place[0] + letter)
                middle = (left + right) / 2 * _MM
                found.append(Spot(middle, (height - top) * _MM, (top - bottom) * _MM, width * _MM))
        return found

    def spot(self, number: int, words: str, letter: int = 0) -> Spot:
        """Where one letter of some words stands on a page."""
        found = self.spots(number, words, letter)
        assert found, f"{words!r} does not stand on page {number}"
        return found[0]

    def picture(self, number: int, scale: float = 1.0) -> Image.Image:
        """A page as pixels, 72 to the inch at a scale of 1."""
        with self._opened() as document:
            image: Image.Image = document[number - 1].render(scale=scale).to_pil().convert("RGB")
        return image


def colour_at(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    """The colour of a page's picture at millimetres from its left and upper edges."""
    pixel = image.getpixel((round(x / _MM), round(y / _MM)))
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def same_as_kept(image: Image.Image, name: str) -> bool:
    """Tell whether a picture is the one kept under a name, but for a shade of its edges.

    With PICTURES=new in the environment, what is seen becomes what is kept: look at it.
    """
    kept = PICTURES / f"{name}.png"
    if os.environ.get("PICTURES") == "new":
        kept.parent.mkdir(exist_ok=True)
        image.convert("L").save(kept, optimize=True)
    with Image.open(kept) as before:
        if before.size != image.size:
            return False
        difference = ImageChops.difference(before.convert("L"), image.convert("L"))
    # by blocks of eight pixels: an edge may differ, a letter may not
    coarse = difference.reduce(8)
    peak = coarse.getextrema()[1]
    assert isinstance(peak, int | float)
    return bool(ImageStat.Stat(difference).mean[0] < 1.0 and peak < 40)
