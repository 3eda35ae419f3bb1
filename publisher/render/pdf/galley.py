"""One part of a magazine, read once, laid out as often as the copy-fitting asks."""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from weasyprint import CSS, DEFAULT_OPTIONS, HTML
from weasyprint.css.counters import CounterStyle
from weasyprint.css.properties import Dimension
from weasyprint.document import Document, DocumentMetadata, Page, get_html_metadata
from weasyprint.formatting_structure import boxes
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.layout import layout_document
from weasyprint.text.fonts import FontConfiguration, get_hb_object_data
from weasyprint.urls import URLFetcher, URLFetcherResponse

from publisher.errors import RenderError
from publisher.render.finish import finish
from publisher.render.leaf import Leaf
from publisher.render.pdf.baseline import on_baseline
from publisher.render.pdf.leaves import MM, leaves_of
from publisher.render.pdf.memo import Memo
from publisher.render.pdf.remarks import FAMILY, Remark, listening, strange_fonts
from publisher.render.signatures import Anchor, Entry, Face, Shelf, Signature, clearest
from publisher.render.spots import faults_of

VARIANT = "pdf/ua-1"
POINT = 0.75  #: points in one of the engine's pixels
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SHOWN = re.compile(r'<img\b[^>]*?\bsrc="([^"]*)"')


class Indoors(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
    """Fetches `data:` and the files of some folders; all else is refused.

    Symbolic links are followed before the place is judged, so a link cannot lead out.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        super().__init__(allowed_protocols=["data", "file"], allow_redirects=False)
        self._roots = [root.resolve() for root in roots]

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Open an address; raise `ValueError` when it lies outside."""
        parts = urlsplit(url)
        if parts.scheme.lower() == "file":
            path = Path(url2pathname(parts.path)).resolve()
            inside = any(path.is_relative_to(root) for root in self._roots)
            if parts.netloc not in ("", "localhost") or not inside:
                raise ValueError("it lies outside the issue's folder and the templates")
            # what was judged is what is opened: the resolved path, not the address
            url = path.as_uri()
        return super().fetch(url, headers)


class Stock:
    """What all parts of a magazine share: its fonts and style sheets, loaded once."""

    def __init__(self, *, base: Path, roots: Sequence[Path]) -> None:
        self.base = base.as_uri() + "/"
        self.fetcher = Indoors(roots)
        self.fonts = FontConfiguration()
        self.counters = CounterStyle()
        self._sheets: dict[str, CSS] = {}

    @property
    def sheets(self) -> int:
        """How many style sheets are kept."""
        return len(self._sheets)

    def sheet(self, css: str) -> CSS:
        """Return a style sheet, read once."""
        if css not in self._sheets:
            self._sheets[css] = CSS(
                string=css,
                base_url=self.base,
                url_fetcher=self.fetcher,
                font_config=self.fonts,
                counter_style=self.counters,
            )
        return self._sheets[css]


@dataclass(frozen=True)
class _Give:
    """The box that may be stretched, and which of its sizes."""

    box: Any
    name: str


class Galley:
    """A document whose one stretchable box (`data-give`) can be given other sizes.

    `data-give` names the property: height, padding-top or padding-bottom. Only that box is
    changed and the pages are laid out again from the same boxes, which costs a fifth of
    reading the document anew.
    """

    def __init__(self, html: str, stock: Stock, memo: Memo | None = None) -> None:
        self._stock = stock
        self._families = frozenset(FAMILY.findall(html))
        self._memo = memo or Memo()
        sheets = [stock.sheet(css) for css in _STYLE.findall(html)]
        bare = _STYLE.sub("", html)
        self._html = HTML(string=bare, base_url=stock.base, url_fetcher=stock.fetcher)
        options = DEFAULT_OPTIONS | {"stylesheets": sheets}
        with listening() as self._heard:
            self._context = Document._build_layout_context(
                self._html, stock.fonts, stock.counters, {}, options
            )
            self._root = build_formatting_structure(
                self._html.etree_element,
                self._context.style_for,
                self._context.get_image_from_uri,
                self._html.base_url,
                self._context.target_collector,
                stock.counters,
                self._context.footnotes,
            )
        self._notes = self._context.footnotes.copy()
        giving = list(_stretchable(self._root))
        self._give = giving[0] if len(giving) == 1 else None
        self._size: float | None = None
        self._pages: list[Page] = []
        self._said: list[Remark] = []

    def lay(self, size: float | None = None) -> tuple[Leaf, ...]:
        """Lay the pages out, with another size in millimetres for the box that may give."""
        if self._pages and size == self._size:
            return leaves_of(self._pages)
        self._size = size
        if size is not None and self._give is not None:
            self._give.box.style[self._give.name] = Dimension(size / MM, "px")
        context = self._context
        context.footnotes = self._notes.copy()
        for store in (context.string_set, context.running_elements, context.page_footnotes):
            store.clear()
        context.broken_out_of_flow, context.reported_footnotes = {}, []
        context.current_page_footnotes = []
        with listening() as said, on_baseline(), self._memo.used():
            self._pages = [Page(box) for box in layout_document(self._html, self._root, context)]
        self._said = said
        if not self._pages:
            raise RenderError("a part of the magazine has no pages: its templates print nothing")
        return leaves_of(self._pages)

    @property
    def gives(self) -> bool:
        """Whether there is one box to stretch, and no more."""
        return self._give is not None

    def show(self, html: str) -> None:
        """Print the pictures that another document of the same part shows in these places.

        While sizes are tried the pictures are not cropped; in print they are, to their last
        size.
        """
        elements = list(self._html.etree_element.iter("img"))
        addresses = [unescape(address) for address in _SHOWN.findall(html)]
        if len(elements) != len(addresses):
            raise RenderError("a part of the magazine changes its pictures with their size")
        images = {}
        with listening() as said:
            for element, address in zip(elements, addresses, strict=True):
                if element.get("src") != address:
                    element.set("src", address)
                    images[element] = self._context.get_image_from_uri(
                        url=urljoin(self._stock.base, address), orientation="from-image"
                    )
        self._said += said
        for page in self._pages if images else ():
            for box in _all(page._page_box):
                if isinstance(box, boxes.ReplacedBox) and images.get(box.element) is not None:
                    box.replacement = images[box.element]

    def sign(self, shelf: Shelf) -> tuple[Signature, list[Remark]]:
        """Write the pages as they were laid out last; return also what the engine noticed.

        The whole font files go to the shelf, for binding makes one subset of all pages' glyphs.
        """
        metadata = DocumentMetadata(**get_html_metadata(self._html))
        document = Document(self._pages, metadata, self._stock.fetcher, self._stock.fonts, {}, None)
        document._html = self._html
        out = io.BytesIO()
        with listening() as heard:
            document.write_pdf(
                out, finisher=finish, pdf_variant=VARIANT, pdf_identifier=_NO_IDENTIFIER
            )
        remarks = [*self._heard, *self._said, *heard, *strange_fonts(document, self._families)]
        signature = Signature(
            data=out.getvalue(),
            leaves=leaves_of(self._pages),
            entries=tuple(_entries(self._pages)),
            anchors=tuple(_anchors(self._pages)),
            faults=faults_of([page._page_box for page in self._pages]),
            faces={name: _face(fonts, shelf) for name, fonts in _by_name(document).items()},
        )
        return signature, list(dict.fromkeys(remarks))


_NO_IDENTIFIER = b"0" * 32  #: the bound magazine has one


def _stretchable(box: Any) -> Iterator[_Give]:
    for one in _all(box):
        name = one.element.get("data-give") if one.element is not None else None
        if name and "::" not in (one.element_tag or ""):
            yield _Give(one, name.replace("-", "_"))


def _all(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _all(child)


def _entries(pages: Sequence[Page]) -> Iterator[Entry]:
    for number, page in enumerate(pages):
        for level, label, (x, y), _ in page.bookmarks:
            yield Entry(page=number, level=level, label=label, **_place(page, x, y))


def _anchors(pages: Sequence[Page]) -> Iterator[Anchor]:
    """Yield each anchor where it stands first: it recurs wherever its element goes on."""
    seen: set[str] = set()
    for number, page in enumerate(pages):
        for name, (x, y, *_) in page.anchors.items():
            if name not in seen:
                seen.add(name)
                yield Anchor(name=name, page=number, **_place(page, x, y))


def _place(page: Page, x: float, y: float) -> dict[str, float]:
    return {"x": round(x * POINT, 5), "y": round((page.height - y) * POINT, 5)}


def _by_name(document: Document) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for font in document.fonts.values():
        if font.to_unicode and not font.bitmap and not font.missing:
            found.setdefault(font.name.decode(), []).append(font)
    return found


def _face(fonts: Sequence[Any], shelf: Shelf) -> Face:
    """Put a font file on the shelf and tell which of its glyphs are used."""
    whole = get_hb_object_data(fonts[0].hb_face)
    digest = hashlib.sha256(whole).hexdigest()[:16]
    shelf.put_font(digest, whole)
    return Face(file=digest, glyphs=clearest(font.to_unicode for font in fonts))
