"""The pages of a PDF as pictures, made when asked for and kept."""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
from PIL import Image

from publisher.errors import RenderError
from publisher.render.pdfium import PDFIUM

THUMB = 600  #: pixels across; the smallest picture there is
LARGEST = 3000
_STEP = 100
_QUALITY = 90
_KEPT_BYTES = 96_000_000


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page; the digest changes when its look does, and only then."""

    number: int  #: from 1
    digest: str
    width: float  #: in points
    height: float


class PagePictures:
    """Turns the pages of the latest PDF into JPEG pictures of any width."""

    def __init__(self) -> None:
        self._document: pypdfium2.PdfDocument | None = None
        self._numbers: dict[str, int] = {}
        self._made: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._kept = 0
        self.parts: tuple[tuple[str, int], ...] = ()  #: outline of the latest: title and page

    def open(self, data: bytes) -> tuple[Page, ...]:
        """Take a new PDF and return its pages; raise `RenderError` if it is none."""
        with PDFIUM:
            try:
                document = pypdfium2.PdfDocument(data)
            except pypdfium2.PdfiumError as error:
                raise RenderError(f"the PDF cannot be shown: {error}") from None
            pages = tuple(self._page(document, number) for number in range(len(document)))
            if self._document:
                self._document.close()
            self._document = document
            self._numbers = {page.digest: page.number - 1 for page in pages}
            self.parts = tuple(_outline(document))
        return pages

    def picture(self, digest: str, width: int) -> bytes | None:
        """Return a page as JPEG, `width` pixels across (rounded up to hundreds).

        None if the page is not there any more.
        """
        width = min(max(-(-width // _STEP) * _STEP, THUMB), LARGEST)
        with PDFIUM:
            if (digest, width) in self._made:
                self._made.move_to_end((digest, width))
                return self._made[digest, width]
            if self._document is None or digest not in self._numbers:
                return None
            page = self._document[self._numbers[digest]]
            picture = _raster(page, width)
            page.close()
            return self._keep(digest, width, _jpeg(picture))

    def close(self) -> None:
        """Let go of the latest PDF; pictures made of it stay."""
        with PDFIUM:
            if self._document:
                self._document.close()
            self._document = None

    def _page(self, document: pypdfium2.PdfDocument, number: int) -> Page:
        page = document[number]
        width, height = page.get_size()
        thumb = _raster(page, THUMB)
        page.close()
        digest = hashlib.blake2b(thumb.tobytes(), digest_size=12).hexdigest()
        if (digest, THUMB) not in self._made:
            self._keep(digest, THUMB, _jpeg(thumb))
        return Page(number=number + 1, digest=digest, width=width, height=height)

    def _keep(self, digest: str, width: int, data: bytes) -> bytes:
        self._made[digest, width] = data
        self._kept += len(data)
        while self._kept > _KEPT_BYTES and len(self._made) > 1:
            self._kept -= len(self._made.popitem(last=False)[1])
        return data


def _outline(document: pypdfium2.PdfDocument) -> Iterator[tuple[str, int]]:
    """Yield title and page (from 1) of the outline's outermost entries."""
    for entry in document.get_toc():
        target = entry.get_dest() if entry.level == 0 else None
        if target is not None and target.get_index() is not None:
            yield entry.get_title(), target.get_index() + 1


def _raster(page: pypdfium2.PdfPage, width: int) -> Image.Image:
    bitmap = page.render(scale=width / page.get_width())
    picture: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return picture


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    # full colour resolution: coloured type frays without it
    picture.save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return file.getvalue()
