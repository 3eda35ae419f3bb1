"""The demo issue on a phone: what a reader on a bus would notice."""

import math
import re
import shutil
import statistics
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import outloud
import pdfua
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from publisher.compose import compose
from publisher.config import Publication
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.issue import Issue, read_issue_file
from publisher.problems import Severity
from publisher.render import Rendered
from publisher.render.pdfium import PDFIUM
from publisher.render.phone import Phone
from publisher.week import Week
from tests.conftest import ROOT
from tests.render.conftest import page_texts, publication_in
from tests.render.reading import elements
from tests.render.test_conformance import KNOWN

MM = 72 / 25.4
#: what is read is never smaller; a superior figure or letter is no reading matter
LEAST_POINTS = 9.0


@dataclass(frozen=True)
class Screens:
    """The phone edition as its readers get it."""

    issue: Issue
    publication: Publication
    rendered: Rendered
    texts: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.rendered.files[0]


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Screens:
    """The demo issue, made once."""
    publication = publication_in(tmp_path_factory.mktemp("phone") / "publication")
    week = Week(2026, 47)
    folder = publication.issues / str(week)
    inbox = ROOT / "issues" / "inbox"
    shutil.copytree(inbox, folder / "articles", ignore=shutil.ignore_patterns("pictures"))
    shutil.copytree(inbox / "pictures", folder / "pictures")
    shutil.copy(ROOT / "issues" / str(week) / "issue.toml", folder)
    articles, _ = read_articles(folder, publication.timezone)
    issue = compose(
        week,
        articles,
        read_issue_file(folder),
        publication,
        number=12,
        folder=folder,
        sizes=picture_sizes(folder, articles),
    ).issue
    rendered = Phone().build(issue, publication)
    return Screens(issue, publication, rendered, page_texts(rendered.files[0]))


@pytest.fixture(scope="module")
def pdf(screens: Screens) -> pikepdf.Pdf:
    """Its PDF, opened."""
    return pikepdf.open(screens.path)


def links(pdf: pikepdf.Pdf, page: int) -> list[tuple[Any, float]]:
    """The links of a page (from 1), and how high each is in millimetres."""
    found = []
    for annotation in pdf.pages[page - 1].obj.get("/Annots", []):
        _, bottom, _, top = (float(side) for side in annotation.Rect)
        found.append((annotation, abs(top - bottom) / MM))
    return found


def target(pdf: pikepdf.Pdf, annotation: Any) -> int | None:
    """The page (from 1) an internal link leads to."""
    place = annotation.get("/Dest")
    if place is None and "/A" in annotation and annotation.A.get("/S") == "/GoTo":
        place = annotation.A.D
    if isinstance(place, pikepdf.String):
        names = pikepdf.NameTree(pdf.Root.Names.Dests)
        place = names[str(place)]
    if isinstance(place, pikepdf.Dictionary):
        place = place.D
    if place is None:
        return None
    return next(n for n, page in enumerate(pdf.pages, 1) if page.obj.objgen == place[0].objgen)


def ahead(pdf: pikepdf.Pdf, page: int) -> set[int]:
    return {to for annotation, _ in links(pdf, page) if (to := target(pdf, annotation))}


def test_every_page_has_the_shape_of_a_phone(pdf: pikepdf.Pdf) -> None:
    sizes = {
        tuple(
            round((float(b) - float(a)) / MM)
            for a, b in ((p.mediabox[0], p.mediabox[2]), (p.mediabox[1], p.mediabox[3]))
        )
        for p in pdf.pages
    }
    assert sizes == {(108, 192)}


def test_the_demo_issue_stays_below_three_megabytes(screens: Screens) -> None:
    assert screens.path.stat().st_size <= 3_000_000


def test_a_page_of_text_has_about_180_words(screens: Screens) -> None:
    words = [len(re.findall(r"\w+", text)) for text in screens.texts]
    full = [count for count in words if count > 100]
    assert len(full) > 40
    assert 120 <= statistics.median(full) <= 200
    assert max(words) < 240


def test_nothing_to_be_read_is_smaller_than_nine_points(screens: Screens) -> None:
    small: dict[int, str] = {}
    with PDFIUM:
        document = pypdfium2.PdfDocument(screens.path)
        for number, page in enumerate(document, 1):
            text = page.get_textpage()
            for at in range(text.count_chars()):
                matrix = pdfium.FS_MATRIX()
                pdfium.FPDFText_GetMatrix(text, at, matrix)
                scale = math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))
                size = pdfium.FPDFText_GetFontSize(text, at) * scale
                letter = chr(pdfium.FPDFText_GetUnicode(text, at))
                if size < LEAST_POINTS - 0.05 and letter.isalnum():
                    small[number] = small.get(number, "") + letter
        document.close()
    # a French ordinal's letter is superior
    rest = {page: found for page, found in small.items() if len(found) > 2}
    assert rest == {}


def test_whatever_is_tapped_is_ten_millimetres_high(pdf: pikepdf.Pdf) -> None:
    count = 0
    for page in range(1, len(pdf.pages) + 1):
        for annotation, height in links(pdf, page):
            assert height >= 10, (page, annotation.get("/Contents"))
            count += 1
    assert count > 250


def test_the_contents_lead_to_every_story_and_every_page_leads_back(
    screens: Screens, pdf: pikepdf.Pdf
) -> None:
    contents = [n for n, text in enumerate(screens.texts, 1) if "Contents" in text[:30] and n < 4]
    first = contents[0]
    reached: set[int] = set()
    anchors = dict(screens.rendered.anchors)
    # the contents go over several screens; briefs have a list of their own
    briefs = (
        min(anchors[a.slug] for s in screens.issue.slots if s.kind == "brief" for a in s.articles)
        - 1
    )
    for page in (first, first + 1, first + 2, briefs):
        reached |= ahead(pdf, page)
    assert set(anchors.values()) <= reached
    for page in range(first + 3, len(pdf.pages) + 1):
        assert first in ahead(pdf, page), f"page {page} does not lead back"


def test_a_story_ends_with_the_way_to_the_next_one(screens: Screens, pdf: pikepdf.Pdf) -> None:
    anchors = dict(screens.rendered.anchors)
    starts = sorted(
        {anchors[slot.article.slug] for slot in screens.issue.slots if slot.kind != "brief"}
    )
    for here, following in pairwise(starts):
        for page in range(here, following):
            assert following in ahead(pdf, page)


def test_no_page_is_nearly_empty(screens: Screens) -> None:
    with PDFIUM:
        document = pypdfium2.PdfDocument(screens.path)
        inks = []
        for page in document:
            image = page.render(scale=0.3).to_pil().convert("L")
            whole = image.crop((0, 0, image.width, int(image.height * 0.9)))
            paper = max(whole.histogram()[200:]) if whole.getextrema()[1] > 200 else 0
            inks.append(1 - paper / (whole.width * whole.height))
        document.close()
    assert min(inks) > 0.08


def test_the_answers_of_the_quiz_are_on_another_screen(screens: Screens, pdf: pikepdf.Pdf) -> None:
    start = dict(screens.rendered.anchors)["eight-questions-before-you-go"]
    answers = next(
        n for n in range(start, len(screens.texts) + 1) if "Sneferu, father" in screens.texts[n - 1]
    )
    assert answers > start
    assert "Which language" not in screens.texts[answers - 1]
    assert answers in ahead(pdf, answers - 1)


def test_a_wide_table_is_stacked_and_a_code_becomes_a_link(screens: Screens) -> None:
    whole = " ".join(screens.texts)
    assert "Toubkal Range High Atlas" in whole
    assert "Eight more questions every Friday sirocco.example/quiz" in whole


def test_arabic_and_french_pieces_are_set_as_their_press_does(screens: Screens) -> None:
    anchors = dict(screens.rendered.anchors)
    french = " ".join(screens.texts[anchors["le-printemps-en-bouteille"] - 1 :][:4])
    assert "«" in french
    light = screens.texts[anchors["the-light-you-can-hear"] - 1]
    assert re.search(r"[\u0600-\u06ff]{3}", light)


def test_it_passes_two_checkers_of_accessibility(screens: Screens, pdf: pikepdf.Pdf) -> None:
    result = outloud.check(str(screens.path))
    assert result.error is None
    assert {finding.rule for finding in result.findings} <= set(KNOWN)
    assert not pdfua.validate(str(screens.path)).findings
    spoken = [str(one.Alt) for one in elements(pdf) if one.S == "/Link" and "/Alt" in one]
    assert spoken.count("Contents") > 80
    assert all(str(one.get("/Alt", "")).strip() for one in elements(pdf) if one.S == "/Figure")


def test_the_outline_leads_by_section_to_stories(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        tree = {str(item.title): [str(kid.title) for kid in item.children] for item in outline.root}
    assert list(tree)[:2] == ["Sirocco", "Contents"]
    assert "All ears in the dunes" in tree["In brief"]
    assert "How the pyramids learned to stand" in tree["Heritage"]


def test_nothing_is_wrong_with_the_demo(screens: Screens) -> None:
    assert [p for p in screens.rendered.problems if p.severity is Severity.ERROR] == []


def test_made_again_it_is_the_same_file(screens: Screens) -> None:
    before = screens.path.read_bytes()
    Phone().build(screens.issue, screens.publication)
    assert screens.path.read_bytes() == before
