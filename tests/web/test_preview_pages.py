"""Pages of a PDF as pictures."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageDraw

from publisher.errors import RenderError
from publisher.web.pages import PagePictures


def pdf(*texts: str) -> bytes:
    pages = []
    for text in texts:
        page = Image.new("RGB", (595, 842), "white")
        ImageDraw.Draw(page).text((50, 50), text, fill="black")
        pages.append(page)
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=72)
    return file.getvalue()


@pytest.fixture
def pictures() -> Iterator[PagePictures]:
    """Pictures of no PDF yet."""
    pictures = PagePictures()
    yield pictures
    pictures.close()


def test_a_pages_digest_changes_with_its_look_alone(pictures: PagePictures) -> None:
    before = pictures.open(pdf("one", "two", "three"))
    after = pictures.open(pdf("one", "too", "three"))
    assert [a.digest == b.digest for a, b in zip(before, after, strict=True)] == [
        True,
        False,
        True,
    ]
    assert [page.number for page in after] == [1, 2, 3]
    assert (round(after[0].width), round(after[0].height)) == (595, 842)


def test_a_picture_is_as_wide_as_asked_within_reason(pictures: PagePictures) -> None:
    (page,) = pictures.open(pdf("one"))
    for asked, given in ((1, 600), (601, 700), (1400, 1400), (10**9, 3000)):
        data = pictures.picture(page.digest, asked)
        assert data is not None
        assert Image.open(io.BytesIO(data)).size[0] == given


def test_a_page_that_is_gone_has_no_new_pictures(pictures: PagePictures) -> None:
    (old,) = pictures.open(pdf("one"))
    pictures.open(pdf("another"))
    assert pictures.picture(old.digest, 1000) is None
    assert pictures.picture("nonsense", 1000) is None


def test_what_is_no_pdf_is_refused_and_the_last_one_stays(pictures: PagePictures) -> None:
    (page,) = pictures.open(pdf("one"))
    with pytest.raises(RenderError, match="the PDF cannot be shown"):
        pictures.open(b"%PDF-1.7 nonsense")
    assert pictures.picture(page.digest, 1000) is not None


def test_many_threads_may_ask_at_once(pictures: PagePictures) -> None:
    pages = pictures.open(pdf(*(f"page {n}" for n in range(6))))
    asked = [(page.digest, width) for page in pages for width in (600, 800, 1000)] * 3
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: pictures.picture(*one), asked))
    assert all(answer and answer.startswith(b"\xff\xd8") for answer in answers)


def test_memory_is_bounded(pictures: PagePictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.web.pages._KEPT_BYTES", 100_000)
    (page,) = pictures.open(pdf("one"))
    for width in range(600, 3000, 100):
        assert pictures.picture(page.digest, width)
    assert pictures._kept <= 100_000 or len(pictures._made) == 1
    assert pictures._kept == sum(map(len, pictures._made.values()))
