"""Small pictures of the places problems show at, cut from the finished pages."""

import io
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pypdfium2
from PIL import Image, ImageDraw

from publisher.problems import Spot
from publisher.render.pdfium import PDFIUM

#: millimetres of the page around a place that are shown, at least
VIEW = (72.0, 48.0)
WIDTH = 640  #: pixels of a picture
_AROUND = 6.0  #: millimetres of the page around the frame
_KEPT = 4  #: pages kept as pictures; problems come page by page
_FRAME = (200, 30, 30)
_SHADE = 96  #: how much the rest of the page is veiled, of 255
_MM = 72 / 25.4


def view(spot: Spot, page: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return the part of a page (x, y, width, height) to show of a spot, in millimetres.

    It has the ratio of `VIEW`, the place in its middle, and does not leave the page
    (width, height) unless the place itself does.
    """
    ratio = VIEW[0] / VIEW[1]
    width = max(VIEW[0], spot.width + 2 * _AROUND, (spot.height + 2 * _AROUND) * ratio)
    width = min(width, page[0])
    height = min(width / ratio, page[1])
    x = min(max(spot.x + spot.width / 2 - width / 2, 0.0), page[0] - width)
    y = min(max(spot.y + spot.height / 2 - height / 2, 0.0), page[1] - height)
    return x, y, width, height


class Thumbs:
    """Cuts pictures out of the pages of PDFs; keeps the last pages it drew."""

    def __init__(self) -> None:
        self._documents: dict[Path, pypdfium2.PdfDocument] = {}
        self._pages: OrderedDict[tuple[Path, int], Image.Image] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with PDFIUM:
            for document in self._documents.values():
                document.close()

    def of(self, pdf: Path, page: int, spots: Iterable[Spot] = ()) -> bytes | None:
        """Return a page as a JPEG: the surroundings of a place, framed, or all of the page.

        None if the file has no such page.
        """
        with PDFIUM:
            drawn = self._drawn(pdf, page)
        if drawn is None:
            return None
        picture, scale = drawn
        framed = list(spots)
        if not framed:
            small = picture.resize((WIDTH // 2, round(picture.height * WIDTH / 2 / picture.width)))
            return _jpeg(small)
        size = picture.width / scale, picture.height / scale
        x, y, width, height = view(framed[0], size)
        box = x * scale, y * scale, (x + width) * scale, (y + height) * scale
        cut = picture.resize((WIDTH, round(WIDTH * height / width)), box=box)
        factor = WIDTH / width
        _frame(cut, [_edges(spot, x, y, factor) for spot in framed])
        return _jpeg(cut)

    def _drawn(self, pdf: Path, number: int) -> tuple[Image.Image, float] | None:
        """Return a page as a picture and its pixels a millimetre."""
        if pdf not in self._documents:
            self._documents[pdf] = pypdfium2.PdfDocument(pdf)
        document = self._documents[pdf]
        if not 1 <= number <= len(document):
            return None
        scale = WIDTH / VIEW[0]  # a picture of the smallest view is as sharp as it is wide
        if (pdf, number) not in self._pages:
            page = document[number - 1]
            bitmap = page.render(scale=scale / _MM)
            self._pages[pdf, number] = bitmap.to_pil().convert("RGB")
            bitmap.close()
            page.close()
            while len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        return self._pages[pdf, number], scale


def _edges(spot: Spot, x: float, y: float, factor: float) -> tuple[float, float, float, float]:
    margin = 1.2  # millimetres between a place and its frame
    left, top = (spot.x - x - margin) * factor, (spot.y - y - margin) * factor
    right = (spot.x + spot.width - x + margin) * factor
    return left, top, right, (spot.y + spot.height - y + margin) * factor


def _frame(picture: Image.Image, frames: list[tuple[float, float, float, float]]) -> None:
    """Veil the picture but for the frames, and draw them."""
    veil = Image.new("L", picture.size, _SHADE)
    hole = ImageDraw.Draw(veil)
    for frame in frames:
        hole.rectangle(_inside(frame, picture.size), fill=0)
    picture.paste((255, 255, 255), mask=veil)
    pen = ImageDraw.Draw(picture)
    for frame in frames:
        pen.rectangle(_inside(frame, picture.size), outline=_FRAME, width=4)


def _inside(
    frame: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    left, top = max(0.0, min(frame[0], size[0] - 8)), max(0.0, min(frame[1], size[1] - 8))
    right, foot = (
        min(max(frame[2], left + 8), size[0] - 1),
        min(max(frame[3], top + 8), size[1] - 1),
    )
    return left, top, right, foot


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()
