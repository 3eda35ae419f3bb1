"""The preview in a browser."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.problems import Problem, Spot
from publisher.render import Edition, Rendered, editions_of
from publisher.web.preview import Preview
from tests.servers.site import news_site
from tests.web.conftest import PlainMagazine

Write = Callable[..., Path]
RunPreview = Callable[..., AbstractContextManager[Preview]]

DONE = '#status[data-busy="false"]'
LEAF = "#magazine .leaf[data-page='{}']"


class FramingMagazine(PlainMagazine):
    """A plain magazine whose maker knows where something is wrong."""

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Print, and complain of a place on page 6."""
        spot = Spot(edition="magazine", page=6, x=40, y=100, width=30, height=6)
        wide = Problem(message="the third line is wide", article="story-4", page=6, spot=spot)
        return replace(super().build(issue, publication), problems=(wide,))


def framing_editions(publication: Publication, issue: Issue) -> Sequence[Edition]:
    """The magazine alone: what is tested stands on its pages."""
    return (FramingMagazine(),)


def open_page(tab: Page, preview: Preview, view: str = "") -> None:
    tab.goto(preview.url + view)
    expect(tab.locator("#folio")).to_contain_text("of 7", timeout=30_000)
    tab.wait_for_selector(DONE)


def source(tab: Page, number: int) -> str:
    """The address of a page's picture, once it is drawn."""
    tab.wait_for_selector(LEAF.format(number) + "[data-digest]")
    return tab.locator(LEAF.format(number) + " img").get_attribute("src") or ""


def test_an_edit_changes_the_page_in_place_and_nothing_moves(
    running: RunPreview, tab: Page, write: Write
) -> None:
    with running() as preview:
        open_page(tab, preview)
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowRight")
        expect(tab.locator("#folio")).to_have_text("4–5 of 7")
        tab.wait_for_function("() => document.querySelector('#magazine').scrollTop > 900")
        tab.evaluate("document.querySelector('#magazine').scrollBy(0, 37)")
        before, other = source(tab, 4), source(tab, 5)
        tab.evaluate(
            """number => {
                window.leaf = document.querySelector(`#magazine .leaf[data-page='${number}']`);
                window.image = leaf.querySelector('img');
                window.top_ = document.querySelector('#magazine').scrollTop;
                window.blank = 0;
                new MutationObserver(() => { if (!image.complete || !image.naturalWidth) blank++; })
                    .observe(image, { attributes: true });
            }""",
            4,
        )
        write("story-2", "other " * 450, title="Story 2")
        tab.wait_for_function("before => !image.src.endsWith(before)", arg=before)
        assert source(tab, 4) != before
        assert source(tab, 5) == other
        assert tab.evaluate("image.isConnected && image.naturalWidth >= 600")
        assert tab.evaluate("blank") == 0
        assert tab.evaluate("document.querySelector('#magazine').scrollTop === top_")
        expect(tab.locator("#folio")).to_have_text("4–5 of 7")
        expect(tab.locator("#status")).to_contain_text("story-2.md")
        expect(tab.locator("#status")).to_contain_text("Refreshed in")


def test_an_error_is_told_the_last_good_pages_stay_and_it_goes_when_mended(
    running: RunPreview, tab: Page, write: Write
) -> None:
    with running() as preview:
        open_page(tab, preview)
        before = source(tab, 3)
        write("story-1", "x", kind="feauture")
        expect(tab.locator("#errors")).to_contain_text("kind = 'feauture' is not allowed")
        assert source(tab, 3) == before
        expect(tab.locator("#folio")).to_have_text("1 of 7")
        write("story-1", "mended " * 450)
        expect(tab.locator("#errors")).to_be_hidden()
        tab.wait_for_function(
            "before => !document.querySelector(\"#magazine .leaf[data-page='3'] img\")"
            ".src.endsWith(before)",
            arg=before,
        )


def test_pages_are_added_and_taken_away_where_one_stands(
    running: RunPreview, tab: Page, write: Write
) -> None:
    with running() as preview:
        open_page(tab, preview)
        tab.keyboard.press("ArrowRight")
        expect(tab.locator("#folio")).to_have_text("2–3 of 7")
        extra = write("zz-last", "word " * 450)
        expect(tab.locator("#folio")).to_have_text("2–3 of 8")
        expect(tab.locator("#magazine .spread")).to_have_count(5)
        extra.unlink()
        expect(tab.locator("#folio")).to_have_text("2–3 of 7")
        expect(tab.locator("#magazine .spread")).to_have_count(4)


def test_arrows_turn_pages_and_a_reload_comes_back_to_the_same(
    running: RunPreview, tab: Page
) -> None:
    with running() as preview:
        open_page(tab, preview)
        for folio in ("2–3", "4–5", "6–7", "6–7"):
            tab.keyboard.press("ArrowRight")
            expect(tab.locator("#folio")).to_have_text(f"{folio} of 7")
        tab.keyboard.press("ArrowLeft")
        expect(tab.locator("#folio")).to_have_text("4–5 of 7")
        tab.wait_for_url("**/#page-4")
        tab.reload()
        expect(tab.locator("#folio")).to_have_text("4–5 of 7")


def test_a_resized_window_shows_the_same_page(running: RunPreview, tab: Page) -> None:
    with running() as preview:
        open_page(tab, preview, "/#page-6")
        for width in (700, 420, 1500):
            tab.set_viewport_size({"width": width, "height": 700})
            tab.wait_for_function("width => document.body.clientWidth === width", arg=width)
            tab.wait_for_function(
                "() => { const m = document.querySelector('#magazine'),"
                " l = m.querySelector('[data-page=\"6\"]');"
                " return Math.abs(l.offsetTop - m.scrollTop - 24) <= 24 }"
            )
            expect(tab.locator("#folio")).to_have_text("6–7 of 7")


def test_the_flatplan_names_every_page_and_leads_to_it(running: RunPreview, tab: Page) -> None:
    with running() as preview:
        open_page(tab, preview)
        tab.keyboard.press("f")
        cards = tab.locator("#flatplan .card")
        expect(cards).to_have_count(7)
        expect(cards.nth(4)).to_contain_text("Story 3")
        expect(cards.nth(4)).to_contain_text("Culture")
        expect(cards.nth(4).locator(".folio")).to_have_text("5")
        expect(tab.locator("#flatplan img[src]")).to_have_count(7)
        colour = cards.nth(4).locator(".tint").evaluate("e => getComputedStyle(e).backgroundColor")
        assert colour == "rgb(106, 61, 138)"
        cards.nth(4).click()
        expect(tab.locator("#folio")).to_have_text("4–5 of 7")
        expect(tab.locator("#flatplan")).not_to_be_visible()


def test_a_problem_leads_to_its_page(running: RunPreview, tab: Page, write: Write) -> None:
    write("story-4", "TK " + "word " * 400, title="Story 4")
    with running() as preview:
        open_page(tab, preview)
        expect(tab.locator("#count")).to_have_text("2 to look at")
        tab.keyboard.press("p")
        problem = tab.get_by_role("button", name="“TK” is left in the text")
        expect(problem).to_contain_text("Story 4, page 6")
        expect(problem.locator(".thumb img")).to_have_attribute("src", re.compile("^/pages/"))
        problem.click()
        expect(tab.locator("#folio")).to_have_text("6–7 of 7")


def test_a_place_is_framed_in_the_list_and_on_its_page(
    running: RunPreview, tab: Page, little: Publication, write: Write
) -> None:
    write("story-4", "word " * 400, title="Story 4")
    with running(editions=framing_editions) as preview:
        open_page(tab, preview)
        tab.keyboard.press("p")
        problem = tab.get_by_role("button", name="the third line")
        picture, frame = problem.locator(".thumb img"), problem.locator(".frame")
        thumb = problem.locator(".thumb").bounding_box()
        box, page = frame.bounding_box(), picture.bounding_box()
        assert thumb
        assert box
        assert page
        # the place is 40 mm from the left and 100 mm from the top of a page 210 mm wide
        scale = page["width"] / 209.9
        assert abs(box["x"] + 1.2 * scale - page["x"] - 40 * scale) < 2
        assert abs(box["y"] + 1.2 * scale - page["y"] - 100 * scale) < 2
        assert thumb["x"] <= box["x"]
        assert box["x"] + box["width"] <= thumb["x"] + thumb["width"]
        problem.click()
        expect(tab.locator("#folio")).to_have_text("6–7 of 7")
        expect(tab.locator(LEAF.format(6) + " .frame")).to_be_visible()


def test_links_are_asked_by_a_button_and_the_dead_ones_listed(
    running: RunPreview, tab: Page, little: Publication, write: Write
) -> None:
    with news_site() as site:
        dead = f"{site.url}/gone"
        home = '[[sources]]\nkind = "folder"\npath = "inbox"\nallow_private = ["127.0.0.1"]\n'
        with (little.root / "publication.toml").open("a", encoding="utf-8") as file:
            file.write(home)
        write("story-4", f"See [the report]({dead}). " + "word " * 400, title="Story 4")
        with running() as preview:
            open_page(tab, preview)
            assert not site.requests
            tab.keyboard.press("p")
            tab.get_by_role("button", name="Check links").click()
            expect(tab.locator("#links")).to_have_text("1 link looked at, 1 dead")
            problem = tab.get_by_role("button", name=f"the link {dead} is dead")
            expect(problem).to_contain_text("Error.")
            expect(tab.locator("#count")).to_have_attribute("data-errors", "true")


def test_another_site_cannot_have_links_asked(running: RunPreview) -> None:
    with running() as preview:
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert httpx.post(f"{preview.url}/links", headers=headers).status_code == 403
        answer = httpx.post(f"{preview.url}/links", headers={"Origin": preview.url})
        assert answer.status_code == 202


def test_the_mail_is_shown_on_desk_and_phone_by_day_and_night(
    running: RunPreview, tab: Page, write: Write
) -> None:
    with running() as preview:
        open_page(tab, preview)
        tab.keyboard.press("e")
        frames = tab.locator("#email iframe:not(.coming)")
        expect(frames).to_have_count(2)
        assert [frame.evaluate("f => f.clientWidth") for frame in frames.all()] == [600, 360]
        expect(tab.locator("#mail-subject")).to_have_text("Sirocco 1: Story 0")
        expect(tab.locator("#plain")).to_contain_text("Story 5")

        def ground() -> str:
            expect(frames).to_have_count(2)
            return str(
                frames.first.evaluate(
                    "f => getComputedStyle(f.contentDocument.querySelector('.sheet')).backgroundColor"
                )
            )

        day = ground()
        tab.keyboard.press("d")
        tab.wait_for_function(
            "() => [...document.querySelectorAll('#email iframe:not(.coming)')]"
            ".every(f => f.contentWindow.location.pathname === '/email/dark/')"
        )
        assert ground() != day
        # the whole mail is in sight: its frame has no scroll of its own
        assert frames.first.evaluate(
            "f => f.contentDocument.documentElement.scrollHeight <= f.clientHeight"
        )
        write("story-0", "word " * 450, title="Another headline")
        expect(tab.locator("#mail-subject")).to_have_text("Sirocco 1: Another headline")
        expect(frames.first.content_frame.get_by_text("Another headline").first).to_be_visible()


def test_the_web_edition_keeps_its_scroll_through_an_edit(
    running: RunPreview, tab: Page, write: Write
) -> None:
    with running() as preview:
        open_page(tab, preview)
        tab.keyboard.press("w")
        frames = tab.locator("#web iframe:not(.coming)")
        expect(frames).to_have_count(2)
        frames.first.evaluate("f => f.contentWindow.scrollTo({top: 700, behavior: 'instant'})")
        write("story-5", "word " * 450, title="A newer one")
        expect(frames.first.content_frame.get_by_text("A newer one").first).to_be_attached()
        assert frames.first.evaluate("f => f.contentWindow.scrollY") == 700


def test_scripts_in_an_edition_do_not_run(
    running: RunPreview, browser_tab: Page, little: Publication
) -> None:
    template = little.root / "templates" / "web" / "issue" / "page.html"
    template.parent.mkdir(parents=True)
    template.write_text(
        "<body><p id=a>still</p><script>document.getElementById('a').textContent='ran';"
        "parent.document.title='ran'</script><img src=x onerror=\"parent.document.title='ran'\">",
        encoding="utf-8",
    )
    with running() as preview:
        open_page(browser_tab, preview, "/#web")
        frame = browser_tab.locator("#web iframe:not(.coming)").first
        expect(frame.content_frame.locator("#a")).to_have_text("still")
        assert "ran" not in browser_tab.title()


def test_a_stopped_preview_says_so(running: RunPreview, browser_tab: Page) -> None:
    with running() as preview:
        open_page(browser_tab, preview)
    expect(browser_tab.locator("#status")).to_contain_text("stopped")
    expect(browser_tab.locator("#magazine .spread").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 800])
def test_nothing_juts_out_of_a_narrow_window(running: RunPreview, tab: Page, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    with running() as preview:
        open_page(tab, preview)
        for key in ("m", "f", "e", "w"):
            tab.keyboard.press(key)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            view = tab.locator(".view:not([inert])")
            assert view.evaluate("v => v.scrollWidth <= v.clientWidth"), key


def test_the_real_magazine_is_shown(running: RunPreview, tab: Page, little: Publication) -> None:
    with running(editions=editions_of) as preview:
        tab.goto(preview.url)
        tab.wait_for_selector(DONE, timeout=120_000)
        expect(tab.locator("#errors")).to_be_hidden()
        tab.wait_for_selector(LEAF.format(1) + "[data-digest]")
        tab.keyboard.press("f")
        expect(tab.locator("#flatplan .card").filter(has_text="Story 3").first).to_be_visible()
