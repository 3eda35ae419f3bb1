"""E-mail and web edition on a light and on a dark screen."""

import pytest
from playwright.sync_api import Browser

from publisher.config import Publication
from publisher.render.links import Links
from publisher.web.dressing import dress, keep_at_home
from publisher.week import Week

PAGE = """<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"><style>
:root { color-scheme: light dark }
p { color: rgb(1, 1, 1) }
@media (prefers-color-scheme: dark) { p { color: rgb(2, 2, 2) } }
@media screen and ( prefers-color-scheme:light ) { p { background: rgb(3, 3, 3) } }
</style></head><body><p>x</p></body></html>"""


@pytest.mark.parametrize("screen", ["light", "dark"])
@pytest.mark.parametrize("asked", ["light", "dark"])
def test_the_scheme_is_the_one_asked_for_whatever_the_screen(
    browser: Browser, asked: str, screen: str
) -> None:
    page = browser.new_page(color_scheme="dark" if screen == "dark" else "light")
    page.set_content(dress(PAGE, dark=asked == "dark"))
    look = page.evaluate(
        "() => { const s = getComputedStyle(document.querySelector('p'));"
        " return [s.color, s.backgroundColor, getComputedStyle(document.documentElement).colorScheme] }"
    )
    page.close()
    if asked == "dark":
        assert look == ["rgb(2, 2, 2)", "rgba(0, 0, 0, 0)", "dark"]
    else:
        assert look == ["rgb(1, 1, 1)", "rgb(3, 3, 3)", "light"]


def test_links_stay_at_home_or_open_a_window(demo: Publication) -> None:
    links = Links(demo, Week(2026, 47))
    html = (
        f'<a href="{links.pdf}">PDF</a> <a class="x" href="https://example.org/">there</a>'
        ' <a href="#top">up</a> <a href="%%unsubscribe_url%%">leave</a>'
    )
    kept = keep_at_home(html, links, "/web/dark/")
    window = '<a target="_blank" rel="noopener noreferrer" '
    assert f'{window}href="/web/dark/sirocco-2026-W47.pdf">' in kept
    assert f'{window}class="x" href="https://example.org/">' in kept
    assert '<a href="#top">' in kept
    assert "%%" not in kept


def test_the_preview_keeps_no_page_for_reading_offline(demo: Publication) -> None:
    html = '<link href="a"><script src="offline.js" defer></script>\n<script type="application/ld+json">{}</script>'
    kept = keep_at_home(html, Links(demo, Week(2026, 47)), "/web/dark/")
    assert kept == '<link href="a"><script type="application/ld+json">{}</script>'
