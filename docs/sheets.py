"""Render docs/gallery: every page of the demo issue, on paper and phone, in each theme.

    make gallery

Pages of the magazine lie as they are seen: the cover alone, then spread by spread.
"""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.invented import gathered
from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render import Edition
from publisher.render.magazine import Magazine
from publisher.render.phone import Phone

HERE = Path(__file__).parent / "gallery"
THEMES = ("classic", "modern")
_TABLE = "#e3e2de"  #: what the pages lie on
_SHADOW = 70  #: of 255
_MOST = 1_150_000  #: bytes of a sheet


def main() -> None:
    """Make the issue in each theme, and lay its pages out."""
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        publication, issue = gathered(Path(temporary) / "demo")
        for theme in THEMES:
            dressed = replace(publication, editions=replace(publication.editions, theme=theme))
            for edition, across, width in ((Magazine(), 4, 216), (Phone(), 15, 116)):
                pages = _pages(edition, issue, dressed, width)
                leaves = in_spreads(pages) if edition.name == "magazine" else [[p] for p in pages]
                path = HERE / f"{theme}-{edition.name}.jpg"
                path.write_bytes(_jpeg(sheet(leaves, across)))
                print(f"{path.name}: {len(pages)} pages, {path.stat().st_size / 1e6:.2f} MB")  # noqa: T201


def _pages(
    edition: Edition, issue: Issue, publication: Publication, width: int
) -> list[Image.Image]:
    made = edition.build(issue, publication)
    document = pypdfium2.PdfDocument(made.files[0])
    try:
        return [
            page.render(scale=2 * width / page.get_width())
            .to_pil()
            .convert("RGB")
            .resize(
                (width, round(width * page.get_height() / page.get_width())),
                Image.Resampling.LANCZOS,
            )
            for page in document
        ]
    finally:
        document.close()


def in_spreads(pages: Sequence[Image.Image]) -> list[list[Image.Image]]:
    """Return the cover, pairs of facing pages, and the back page."""
    inner = list(pages[1:])
    return [[pages[0]], *(inner[at : at + 2] for at in range(0, len(inner), 2))]


def sheet(leaves: Sequence[Sequence[Image.Image]], across: int) -> Image.Image:
    """Lay spreads out in rows, each with its shadow; a cover stands where its right page would."""
    width, height = leaves[0][0].size
    slot = max(map(len, leaves)) * width
    gap = width // 8
    rows = -(-len(leaves) // across)
    table = Image.new("RGB", (across * (slot + gap) + gap, rows * (height + gap) + gap), _TABLE)
    shade = Image.new("L", table.size, 0)
    places = []
    for number, leaf in enumerate(leaves):
        row, column = divmod(number, across)
        x, y = gap + column * (slot + gap), gap + row * (height + gap)
        x += (slot - width) * (number == 0)
        places.append((x, y, leaf))
        size = (x + 2, y + 3, x + len(leaf) * width + 2, y + height + 4)
        ImageDraw.Draw(shade).rectangle(size, fill=_SHADOW)
    blurred = shade.filter(ImageFilter.GaussianBlur(gap / 5))
    table.paste("black", mask=blurred)
    for x, y, leaf in places:
        for side, page in enumerate(leaf):
            table.paste(page, (x + side * width, y))
        if len(leaf) == 2:  # the fold
            ImageDraw.Draw(table).line((x + width, y, x + width, y + height - 1), fill="#cfcdc8")
    return table


def _jpeg(picture: Image.Image) -> bytes:
    for quality in (84, 78, 72, 66, 60, 52):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= _MOST:
            break
    return out.getvalue()


if __name__ == "__main__":
    main()
