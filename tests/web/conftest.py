"""A small publication, a magazine that is quick to print, a preview that runs, a browser."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page

from publisher.config import Publication, Secrets, load_publication
from publisher.content.issue import Issue
from publisher.deliver import make_sender
from publisher.errors import RenderError
from publisher.pipeline.approving import approve
from publisher.pipeline.desk import Desk
from publisher.pipeline.making import collect_week, render_week
from publisher.pipeline.sending import send_issue
from publisher.render import Edition, Rendered
from publisher.render.email import Email
from publisher.render.web import Web
from publisher.storage.engine import open_database
from publisher.web.live import Editions
from publisher.web.preview import Preview
from publisher.week import Week
from tests.servers.public import HandClock, Site, running_site

ROOT = Path(__file__).parent.parent.parent
WEEK = Week(2026, 47)
PUBLICATION = """
title = "Sirocco"
language = "en"
timezone = "Africa/Tunis"
site = "https://sirocco.example"
[sender]
name = "Sirocco"
address = "weekly@sirocco.example"
postal = "Tunis"
[[sections]]
name = "News"
[[sections]]
name = "Culture"
colour = "#6a3d8a"
"""
Write = Callable[..., Path]
RunPreview = Callable[..., AbstractContextManager[Preview]]


class PlainMagazine:
    """Prints a real PDF, one large page an article, without the seconds real type takes."""

    name = "magazine"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Print cover and articles; refuse an article that says so."""
        pages = [self._page(publication.title, issue.cover.title)]
        for article in issue.articles:
            if "unprintable" in article.body:
                raise RenderError(f"{article.slug} is unprintable: mend it")
            if "explosive" in article.body:
                raise ZeroDivisionError("division by zero")
            pages.append(self._page(article.title, article.body))
        path = issue.build_folder / f"{publication.slug}-{issue.week}.pdf"
        path.parent.mkdir(exist_ok=True)
        pages[0].save(path, save_all=True, append_images=pages[1:], resolution=72)
        return Rendered(
            edition=self.name,
            files=(path,),
            pages=len(pages),
            anchors=tuple((article.slug, n) for n, article in enumerate(issue.articles, 2)),
        )

    def _page(self, title: str, body: str) -> Image.Image:
        page = Image.new("RGB", (595, 842), "white")
        draw = ImageDraw.Draw(page)
        draw.text((50, 60), title, fill="black", font=ImageFont.load_default(34))
        words = body.split()
        lines = [" ".join(words[n : n + 12]) for n in range(0, len(words), 12)][:50]
        draw.multiline_text((50, 130), "\n".join(lines), fill="black")
        return page


def quick_editions(publication: Publication, issue: Issue) -> Sequence[Edition]:
    """The plain magazine with the real e-mail and web editions."""
    return PlainMagazine(), Email(), Web()


@pytest.fixture
def little(tmp_path: Path) -> Publication:
    """A publication with six articles of one page each in week 2026-W47."""
    root = tmp_path / "little"
    (root / "issues" / str(WEEK) / "articles").mkdir(parents=True)
    (root / "publication.toml").write_text(PUBLICATION, encoding="utf-8")
    slots = "".join(f'[[slots]]\narticle = "story-{number}"\n' for number in range(6))
    (root / "issues" / str(WEEK) / "issue.toml").write_text(slots, encoding="utf-8")
    publication = load_publication(root)
    for number in range(6):
        article_file(publication, f"story-{number}").write_text(
            f"---\ntitle: Story {number}\nsection: Culture\n---\n" + "word " * 450,
            encoding="utf-8",
        )
    return publication


def article_file(publication: Publication, slug: str) -> Path:
    """Where an article's file lies."""
    return publication.issues / str(WEEK) / "articles" / f"{slug}.md"


@pytest.fixture
def write(little: Publication) -> Write:
    """Write an article: write("slug", body, title="...")."""

    def run(slug: str, body: str, **meta: str) -> Path:
        path = article_file(little, slug)
        meta = {"title": slug, "section": "Culture", **meta}
        head = "".join(f"{key}: {value}\n" for key, value in meta.items())
        path.write_text(f"---\n{head}---\n{body}\n", encoding="utf-8")
        return path

    return run


@pytest.fixture
def running(little: Publication) -> RunPreview:
    """Run a preview of the little publication in a thread."""

    @contextmanager
    def run(
        editions: Editions = quick_editions, said: list[str] | None = None
    ) -> Iterator[Preview]:
        lines: list[str] = [] if said is None else said
        preview = Preview(
            little, WEEK, host="127.0.0.1", port=0, announce=lines.append, editions=editions
        )
        thread = Thread(target=preview.serve)
        thread.start()
        try:
            yield preview
        finally:
            preview.stop()
            thread.join(timeout=20)
            assert not thread.is_alive()

    return run


@pytest.fixture
def quick() -> Editions:
    """The plain magazine with the real e-mail and web editions."""
    return quick_editions


@pytest.fixture
def browser_tab(browser: Browser) -> Iterator[Page]:
    """A browser tab."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture
def tab(browser_tab: Page) -> Iterator[Page]:
    """A browser tab in which every script error and blocked request fails the test."""
    faults: list[str] = []
    browser_tab.on("pageerror", lambda error: faults.append(str(error)))
    browser_tab.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield browser_tab
    # what happens when the server is gone is another test's business
    assert [fault for fault in faults if "ERR_CONNECTION" not in fault] == []


# ---- the public pages ------------------------------------------------------------


@pytest.fixture(scope="session")
def _sent_issue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication's folder with one issue, collected, rendered, approved and sent."""
    root = tmp_path_factory.mktemp("published") / "sirocco"
    inbox = root / "issues" / "inbox"
    inbox.mkdir(parents=True)
    shutil.copy(ROOT / "publication.toml", root)
    pictures = inbox / "pictures"
    pictures.mkdir()
    shutil.copy(ROOT / "issues/inbox/pictures/bata-drums.jpg", pictures)
    for slug in ("the-road-of-the-drum", "we-asked-the-wind"):
        text = (ROOT / f"issues/inbox/{slug}.md").read_text(encoding="utf-8")
        (inbox / f"{slug}.md").write_text(text, encoding="utf-8")
    publication = load_publication(root)
    engine = open_database(publication, Secrets())
    clock = HandClock()
    desk = Desk(
        publication=publication,
        secrets=Secrets(),
        engine=engine,
        sender=lambda: make_sender(publication, Secrets()),
        clock=clock,
    )
    collect_week(desk, WEEK)
    render_week(desk, WEEK)
    approve(desk, WEEK, by="ada", despite_errors=True)
    send_issue(desk, WEEK)
    engine.dispose()
    return root


@pytest.fixture
def published(_sent_issue: Path, tmp_path: Path) -> Publication:
    """A publication of one's own whose issue of 2026-W47 was sent."""
    root = tmp_path / "published"
    shutil.copytree(_sent_issue, root)
    return load_publication(root)


@pytest.fixture
def site(published: Publication) -> Iterator[Site]:
    """The public pages of that publication, running."""
    with running_site(published) as running:
        yield running


@pytest.fixture
def plain_tab(browser: Browser) -> Iterator[Page]:
    """A browser tab without JavaScript, in which every blocked request fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert faults == []
