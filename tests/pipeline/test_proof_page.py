"""The page of charts, opened in Chromium as an editor opens it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from publisher.deliver.figures import Figures, Followed
from publisher.deliver.incidents import Doubled, Settlement
from publisher.deliver.providers import Provider
from publisher.pipeline.desk import Desk
from publisher.pipeline.telling.page import page, page_file, write_page
from publisher.pipeline.telling.proof import Proof, Story, prove
from publisher.pipeline.telling.words import headline
from publisher.web.published import public_file
from tests.pipeline.conftest import W47
from tests.pipeline.proofs import sent_issue

Show = Callable[[Proof], Page]
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>" + "w" * 300
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def proof(desk: Desk) -> Proof:
    """The small issue, sent and partly heard of."""
    sent_issue(desk)
    return prove(desk)


@pytest.fixture
def show(desk: Desk, browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open a proof's page on a phone; anything it fetches or runs fails the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)

    def call(proof: Proof) -> Page:
        path = tmp_path / "figures.html"
        write_page(desk, proof, path)
        tab.goto(path.as_uri())
        tab.wait_for_function("document.fonts.status === 'loaded'")
        return tab

    yield call
    context.close()
    assert faults == []


def overflow(tab: Page) -> int:
    return int(tab.evaluate("document.documentElement.scrollWidth - innerWidth"))


def hostile(proof: Proof) -> Proof:
    """Return the proof with strangers' words of the worst kind at every place."""
    figures = proof.figures
    names = dict.fromkeys(Provider.FIGURES, 40)
    provider = Provider(name="x" * 250 + ".example", domains=("x",), reason=HOSTILE, **names)
    story = Story(
        slug="s", title=HOSTILE, section=HOSTILE, language="ar", readers=1_234_567, machines=0
    )
    return replace(
        proof,
        certificate=replace(
            proof.certificate,
            subject=HOSTILE,
            doubled=(Doubled(subscriber_id=1, email="a@example.org", why="twice"),),
            settlements=(
                Settlement(at=proof.made_at, who=HOSTILE, chunk=1, attempt=1, readers=500,
                           how="sent again", evidence="silence", provider_id="p"),
            ),
        ),
        figures=replace(figures, providers=(provider, *figures.providers)),
        stories=(story, *proof.stories),
        links=(Followed(link="https://example.org/" + "y" * 900, readers=3, machines=0),),
    )  # fmt: skip


def test_nothing_sticks_out_on_a_phone_whatever_strangers_write(show: Show, proof: Proof) -> None:
    tab = show(proof)
    assert overflow(tab) == 0
    tab = show(hostile(proof))
    assert overflow(tab) == 0
    assert tab.locator("script, img").count() == 0
    assert "owned" not in tab.title()


@pytest.mark.parametrize("width", [768, 1280])
def test_nothing_sticks_out_on_larger_screens(show: Show, proof: Proof, width: int) -> None:
    tab = show(hostile(proof))
    tab.set_viewport_size({"width": width, "height": 900})
    assert overflow(tab) == 0


def test_it_can_be_read_aloud(show: Show, proof: Proof) -> None:
    tab = show(hostile(proof))
    assert tab.title().startswith("Sirocco 2026-W47: ")
    assert tab.locator("html").get_attribute("lang") == "en"
    levels = [int(level) for level in tab.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(one => one.tagName[1])"
    )]  # fmt: skip
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tab.locator("main").count() == 1
    for drawing in tab.locator("svg").all():
        assert drawing.get_attribute("role") == "img"
        assert drawing.evaluate("svg => svg.querySelector(':scope > title').textContent.length") > 3
    for table in tab.locator("table").all():
        assert table.locator("thead th[scope=col]").count() >= 3
        bodies = table.locator("tbody tr").count()
        assert table.locator("tbody th[scope=row]").count() == bodies > 0
    assert tab.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].every("
        "one => document.getElementById(one.getAttribute('aria-labelledby')))"
    )
    ids = tab.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))


CONTRASTS = """() => {
  const shade = css => css.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = css => { const [r, g, b] = shade(css); return 0.2126*r + 0.7152*g + 0.0722*b; };
  const ground = one => { for (let at = one; at; at = at.parentElement) {
    const fill = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)|transparent/.test(fill)) return fill; } return 'rgb(255,255,255)'; };
  const poor = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || one.closest('svg') || one.closest('.skip')) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(one.outerHTML.slice(0, 90));
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_by_day_and_by_night(show: Show, proof: Proof, scheme: str) -> None:
    tab = show(proof)
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert tab.evaluate(CONTRASTS) == []


def test_it_names_nobody_and_is_not_served(desk: Desk, proof: Proof) -> None:
    path = page_file(desk, W47)
    write_page(desk, proof, path)
    text = path.read_text(encoding="utf-8")
    assert "@example.org" not in text
    assert "Names are kept off this page" in text
    assert public_file(desk, str(W47), "") is not None
    assert public_file(desk, str(W47), path.name) is None


def test_figures_on_the_page_are_those_of_the_proof(show: Show, proof: Proof) -> None:
    tab = show(proof)
    assert tab.locator("h1").inner_text() == "1 of 3 readers have it"
    road = tab.locator(".road li").all_inner_texts()
    assert [" ".join(step.split()) for step in road[:2]] == [
        *("3 Accepted, 100 % of intended", "1 Delivered, 33.3 % of accepted"),
    ]
    assert "By the record nobody got it twice" in tab.locator("main").inner_text()


def test_where_nobody_tells_no_figure_is_claimed(show: Show, proof: Proof) -> None:
    silent = Figures(
        tally=replace(proof.figures.tally, delivered=0, unheard=3, blocked=0),
        acts=proof.figures.acts,
        heard=0,
        began=proof.figures.began,
        hours=(),
        later=proof.figures.later,
        links=(),
        providers=(),
    )
    tab = show(replace(proof, figures=silent))
    words = tab.locator("main").inner_text()
    assert "Every mail was accepted" in words
    assert "Nobody has told us what became of the mails" in words
    assert "opened" not in words.casefold()
    assert overflow(tab) == 0


def test_a_mailing_in_trouble_says_so_first(proof: Proof, desk: Desk) -> None:
    troubled = replace(
        proof,
        certificate=replace(
            proof.certificate, intended=10, accepted=4, uncertain=2, waiting=4, state="stopped"
        ),
    )
    assert headline(troubled) == "4 of 10 readers are still waiting"
    assert "the mailing is not through yet (stopped)" in page(desk.publication, troubled)
