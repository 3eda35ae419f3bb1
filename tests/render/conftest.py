"""One magazine with a piece of every kind, laid out once for all its tests."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from publisher.config import Publication, load_publication
from publisher.content.article import Kind
from publisher.content.issue import Issue
from publisher.render import Rendered
from publisher.render.magazine import Magazine
from publisher.render.pdfium import PDFIUM
from tests.conftest import ROOT
from tests.render.issues import article, folder_of, mixed_issue, picture, slot

WORDS = "The wind had been at work on it for so long that nobody remembered another shape. "
PARAGRAPH = (WORDS * 5).strip()


@dataclass(frozen=True)
class Copy:
    """A magazine as its readers get it."""

    issue: Issue
    publication: Publication
    rendered: Rendered
    texts: tuple[str, ...]  #: of the pages

    @property
    def path(self) -> Path:
        """The PDF."""
        return self.rendered.files[0]

    def page(self, slug: str) -> int:
        """The page an article begins on."""
        return dict(self.rendered.anchors)[slug]

    def text(self, slug: str) -> str:
        """The text of the page an article begins on."""
        return self.texts[self.page(slug) - 1]


def page_texts(path: Path) -> tuple[str, ...]:
    """Return the text of each page, white space made one."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(path)
        try:
            pages = [page.get_textpage().get_text_bounded() for page in document]
        finally:
            document.close()
    return tuple(" ".join(text.replace("\u00ad", "").split()) for text in pages)


def make(issue: Issue, publication: Publication) -> Copy:
    """Lay out an issue."""
    rendered = Magazine().build(issue, publication)
    return Copy(issue, publication, rendered, page_texts(rendered.files[0]))


def every_kind(publication: Publication) -> Issue:
    """An issue with a piece of every kind."""
    issue, folder = mixed_issue(publication), folder_of(publication)
    wide = picture(folder, "wide", size=(3200, 2400))
    sharp = picture(folder, "sharp", size=(2600, 3600))
    essay = "\n\n".join(
        f'![View {n}](pictures/wide.jpg "Caption {n}."){{ credit="Someone, CC0" }}'
        for n in range(1, 5)
    )
    chart = (
        "/// chart | Mountains\n    type: bar\n    unit: m\n    alt: Two mountains.\n"
        "    source: Atlas\n\nName,Metres\nToubkal,4167\nChambi,1544\n///"
    )
    more = [
        (Kind.FEATURE, "drum", "The road of the drum", "\n\n".join([PARAGRAPH] * 14), wide),
        (Kind.OPINION, "praise", "In praise of the last page", "\n\n".join([PARAGRAPH] * 9), None),
        (Kind.INTERVIEW, "wind", "We asked the wind", f"**Who are you?**\n\n{PARAGRAPH}", None),
        (Kind.DATA, "roofs", "Five roofs", f"{PARAGRAPH}\n\n{chart}", None),
        (Kind.PHOTO_ESSAY, "stone", "Stone, water, light", f"{PARAGRAPH}\n\n{essay}", None),
        (Kind.LISTING, "ahead", "The weeks ahead", "1 May\n:   A day.\n\n2 May\n:   Next.", None),
        (Kind.QUIZ, "quiz", "Two questions", "1. Who?\n2. Why?\n\n/// answers\n1. He.\n///", None),
    ]
    slots = [
        slot(
            publication,
            article(slug, title, body=body, picture=lead, section="Culture", byline="Ada Writer"),
            kind=kind,
        )
        for kind, slug, title, body, lead in more
    ]
    picture(folder, "rivers", "#3377aa", size=(2600, 1900))
    cover = replace(issue.cover, picture=sharp)
    return replace(issue, cover=cover, slots=(*issue.slots, *slots))


def publication_in(folder: Path) -> Publication:
    """The demo's configuration in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "publication.toml", folder)
    return load_publication(folder)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A magazine with every kind in it."""
    publication = publication_in(tmp_path_factory.mktemp("magazine") / "publication")
    return make(every_kind(publication), publication)


@pytest.fixture
def pdf(copy: Copy) -> Iterator[pikepdf.Pdf]:
    """The magazine's PDF, opened."""
    with pikepdf.open(copy.path) as opened:
        yield opened
