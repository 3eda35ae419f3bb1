"""Single articles in single variants of their layouts, printed and looked at."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pypdfium2
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from publisher.config import Publication
from publisher.content.article import Article, Kind, Picture
from publisher.render.pdf import print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.places import Place
from publisher.render.setting import Setting
from publisher.render.templates import TEMPLATES
from tests.render.issues import article, folder_of, issue, picture, slot

WORDS = "The wind had been at work on it for so long that nobody remembered another shape. "
STANDFIRST = "Three earlier attempts still stand in the desert, and each records what was learned."
LAST = "Here the story ends."
_MM = 25.4 / 72


@dataclass(frozen=True)
class Box:
    """Millimetres from the page's left and top."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Page:
    """What a reader sees on a page."""

    text: str
    pictures: tuple[Box, ...]


@dataclass(frozen=True)
class Sample:
    """One article in an issue of its own."""

    setting: Setting
    roots: tuple[Path, ...]

    @cached_property
    def place(self) -> Place:
        """Where it stands."""
        return self.setting.places[0]

    def html(self, variant: str | None = None, **how: object) -> str:
        """Its part of the magazine."""
        size = how.pop("size", self.setting.dresser.bounds(self.place, variant)[0])
        return self.setting.part(self.place, size=size, variant=variant, **how)  # type: ignore[arg-type]

    def printed(self, variant: str | None = None, **how: object) -> tuple[list[Page], list[str]]:
        """Its pages, and what the engine remarked on them."""
        html = self.setting.document([self.html(variant, **how)])
        made = print_pdf(html, base=self.setting.issue.folder, roots=self.roots)
        with PDFIUM:
            document = pypdfium2.PdfDocument(made.data)
            try:
                pages = [_page(page) for page in document]
            finally:
                document.close()
        return pages, [remark.text for remark in made.remarks]


def _page(page: pypdfium2.PdfPage) -> Page:
    height = page.get_height()
    boxes = []
    for found in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = found.get_bounds()
        edges = (left, height - top, right, height - bottom)
        boxes.append(Box(*(round(edge * _MM, 1) for edge in edges)))
    text = page.get_textpage().get_text_bounded().replace("\u00ad", "")
    return Page(" ".join(text.split()), tuple(boxes))


def body(words: int) -> str:
    """A text of about so many words."""
    paragraphs = max(words // 80, 1)
    text = "\n\n".join([(WORDS * 5).strip() if words >= 80 else WORDS.strip()] * paragraphs)
    return f"{text}\n\n{LAST}"


def photo(publication: Publication, name: str, size: tuple[int, int]) -> Picture:
    """A picture with all that is printed beside it."""
    made = picture(folder_of(publication), name, size=size)
    return replace(made, caption="What is seen, in one line.")


def sample(publication: Publication, kind: Kind, *, cover: bool = False, **more: object) -> Sample:
    """An issue of one article of a kind."""
    values: dict[str, object] = {
        "title": "How the pyramids learned to stand",
        "standfirst": STANDFIRST,
        "byline": "Ada Writer",
        "body": body(400),
        **more,
    }
    piece: Article = article("one", **values)  # type: ignore[arg-type]  # any field, by name
    made = issue(publication, [slot(publication, piece, kind=kind, cover=cover)])
    if kind is Kind.LETTER:
        made = replace(made, slots=(), letter=replace(piece, kind=kind))
    roots = (made.folder, publication.root / "templates", TEMPLATES)
    return Sample(Setting(made, publication), roots)
