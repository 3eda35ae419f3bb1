"""Render the README's pictures from the demo issue: `make pictures`."""

import sys
from pathlib import Path

import pypdfium2
from PIL import Image

HERE = Path(__file__).parent / "pictures"
_HEIGHT = 900  #: pixels of a page
#: which pages, by the article that begins on them; a spread has the page beside it
SPREADS = {
    "spread-cover-story.jpg": "The rivers under",
    "spread-inside.jpg": "The fruit",
}


def main() -> None:
    """Write the cover and the spreads of the PDF named on the command line."""
    document = pypdfium2.PdfDocument(sys.argv[1])
    begins = {item.get_title(): item.get_dest().get_index() for item in document.get_toc()}
    HERE.mkdir(exist_ok=True)
    _save(_page(document, 0), "cover.jpg")
    for name, headline in SPREADS.items():
        number = next(page for title, page in begins.items() if title.startswith(headline))
        left = number if number % 2 else number - 1  # page 2 of a magazine is a left page
        pages = [_page(document, left), _page(document, left + 1)]
        width, height = pages[0].size
        spread = Image.new("RGB", (2 * width + 2, height), "#9a9a96")
        spread.paste(pages[0], (0, 0))
        spread.paste(pages[1], (width + 2, 0))
        _save(spread, name)


def _page(document: pypdfium2.PdfDocument, number: int) -> Image.Image:
    page = document[number]
    return page.render(scale=_HEIGHT / page.get_height()).to_pil().convert("RGB")


def _save(picture: Image.Image, name: str) -> None:
    picture.save(HERE / name, "JPEG", quality=82, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
