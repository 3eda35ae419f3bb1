from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from publisher.config import Editions, Publication
from publisher.content.article import Kind
from publisher.content.issue import Issue
from publisher.render import Rendered
from publisher.render.digest import Room, digest
from publisher.render.email import ADDRESS, LIMIT, Email, final_size
from publisher.render.plain import WIDTH
from tests.render.issues import article, folder_of, issue, mixed_issue, picture, slot

BASE = "http://127.0.0.1:8300/issues/2026-W47/"


class Elements(HTMLParser):
    """All start tags with their attributes, and the texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def mixed(publication: Publication) -> Issue:
    return mixed_issue(publication)


def made(issue: Issue, publication: Publication) -> tuple[Rendered, str, str, str]:
    rendered = Email().build(issue, publication)
    html, text, subject = (path.read_text(encoding="utf-8") for path in rendered.files)
    return rendered, html, text, subject


def test_the_mail_is_three_files_in_the_build_folder(
    mixed: Issue, publication: Publication
) -> None:
    rendered, _, _, _ = made(mixed, publication)
    names = [str(path.relative_to(mixed.build_folder)) for path in rendered.files]
    assert names == ["email/body.html", "email/body.txt", "email/subject.txt"]
    assert rendered.problems == ()


def test_every_article_is_named_in_html_and_in_plain_text(
    mixed: Issue, publication: Publication
) -> None:
    _, html, text, _ = made(mixed, publication)
    shown = " ".join(" ".join(Elements(html).texts).split())
    for piece in mixed.articles:
        if piece.slug not in ("hostile", "printemps"):  # these are typeset
            assert piece.title in shown
            assert piece.title in text
    assert "Of <b>bold</b> claims & “quotes”" in shown
    assert "Of <b>bold</b> claims & “quotes”" in text
    for content in (html, text):
        assert "Le printemps\u00a0: en bouteille" in content.replace("&nbsp;", "\u00a0")


def test_what_an_article_says_never_becomes_markup(mixed: Issue, publication: Publication) -> None:
    _, html, _, _ = made(mixed, publication)
    elements = Elements(html)
    assert elements.all("script") == []
    assert elements.all("b") == []
    assert not any("onerror" in attributes for _, attributes in elements.found)


def test_the_reader_can_leave_at_the_top_and_at_the_end(
    mixed: Issue, publication: Publication
) -> None:
    _, html, text, _ = made(mixed, publication)
    links = [a for a in Elements(html).all("a") if a["href"] == "%%unsubscribe_url%%"]
    assert [a["clicktracking"] for a in links] == ["off", "off"]
    assert html.count("%%unsubscribe_url%%") == 2
    assert text.count("%%unsubscribe_url%%") == 2
    assert html.index("%%unsubscribe_url%%") < 20_000 < len(html)


def test_the_reader_can_choose_how_she_gets_it_beside_leaving(
    mixed: Issue, publication: Publication
) -> None:
    _, html, text, _ = made(mixed, publication)
    (link,) = [a for a in Elements(html).all("a") if a["href"] == "%%preferences_url%%"]
    assert link["clicktracking"] == "off"
    assert text.splitlines().count("%%preferences_url%%") == 1
    longer = html.replace("%%preferences_url%%", "u" * ADDRESS)
    assert final_size(longer) == final_size(html)


def test_the_law_is_kept_postal_address_and_reason(mixed: Issue, publication: Publication) -> None:
    _, html, text, _ = made(mixed, publication)
    for content in (html, " ".join(text.split())):
        assert publication.sender.postal in content
        assert "because you subscribed to Sirocco" in content


def test_nothing_but_pictures_is_fetched(mixed: Issue, publication: Publication) -> None:
    _, html, _, _ = made(mixed, publication)
    elements = Elements(html)
    assert elements.all("link") == []
    assert "url(" not in html
    assert "@import" not in html
    assert all(str(image["src"]).startswith(BASE) for image in elements.all("img"))


def test_each_picture_has_its_words_and_is_there(mixed: Issue, publication: Publication) -> None:
    _, html, _, _ = made(mixed, publication)
    images = Elements(html).all("img")
    alts = [image["alt"] for image in images]
    assert alts[0] == "Cover of Sirocco, number 12: The rivers under the sand"
    assert {"What rivers shows", "What hostile shows", "What light shows"} <= set(alts)
    for image in images[1:]:
        name = str(image["src"]).rpartition("/")[2]
        assert (mixed.build_folder / "web" / "pictures" / name).is_file()


def test_the_cover_leads_to_the_pdf(mixed: Issue, publication: Publication) -> None:
    _, html, _, _ = made(mixed, publication)
    anchors = [a["href"] for a in Elements(html).all("a")]
    assert f'<a href="{BASE}sirocco-2026-W47.pdf"><img class="cover"' in html
    assert anchors.count(f"{BASE}sirocco-2026-W47.pdf") >= 3


def test_an_edition_that_is_not_made_is_not_linked(mixed: Issue, publication: Publication) -> None:
    mail_only = replace(publication, editions=Editions(make=("email",)))
    _, html, text, _ = made(mixed, mail_only)
    assert ".pdf" not in html + text
    assert f'href="{BASE}"' not in html
    assert "https://sirocco.example/rivers" in html


def test_an_arabic_article_reads_from_the_right(mixed: Issue, publication: Publication) -> None:
    _, html, _, _ = made(mixed, publication)
    cells = [cell for cell in Elements(html).all("td") if cell.get("lang") == "ar"]
    assert cells
    assert {(cell["dir"], cell["align"]) for cell in cells} == {("rtl", "right")}


def test_an_arabic_magazine_is_arabic_throughout(mixed: Issue, publication: Publication) -> None:
    _, html, text, _ = made(mixed, replace(publication, language="ar"))
    root = Elements(html).all("html")[0]
    assert (root["lang"], root["dir"]) == ("ar", "rtl")
    assert "إلغاء الاشتراك" in html
    assert "إلغاء الاشتراك" in text
    assert "Unsubscribe" not in html + text


def test_the_plain_text_holds_every_link_and_is_wrapped(
    mixed: Issue, publication: Publication
) -> None:
    _, _, text, _ = made(mixed, publication)
    for piece in mixed.articles:
        assert f"{BASE}#{piece.slug}\n" in text
    assert f"{BASE}sirocco-2026-W47.pdf\n" in text
    assert "http://127.0.0.1:8300/subscribe" in text
    long = [line for line in text.splitlines() if len(line) > WIDTH and "://" not in line]
    assert long == []
    assert "\n\n\n" not in text
    assert "*letter*" not in text
    assert "This is the letter." in text


def test_the_subject_is_one_line_whatever_the_editor_wrote(
    mixed: Issue, publication: Publication
) -> None:
    sly = replace(mixed, subject="Hello\r\nBcc: everybody@example.org\x00 there")
    assert made(sly, publication)[3] == "Hello Bcc: everybody@example.org there\n"
    assert made(mixed, publication)[3] == "Sirocco 12: The rivers under the sand\n"


def test_the_inbox_shows_the_preheader_beside_the_subject(
    mixed: Issue, publication: Publication
) -> None:
    _, html, _, _ = made(replace(mixed, preheader="Wells\nthat lie <down>"), publication)
    assert "Wells that lie &lt;down&gt;" in html
    _, html, _, _ = made(mixed, publication)
    assert Elements(html).texts  # composed from the cover story's standfirst
    assert html.index("Tunnels that bring water") < html.index('nameplate"')


def test_a_huge_issue_still_fits_and_says_what_it_cost(publication: Publication) -> None:
    folder = folder_of(publication)
    shot = picture(folder, "any")
    slots = [
        slot(
            publication,
            article(f"a-{n}", f"Story {n} " + "long " * 12, standfirst="word " * 60, picture=shot),
        )
        for n in range(110)
    ]
    briefs = [article(f"b-{n}", f"Brief {n}", standfirst="short " * 40) for n in range(60)]
    huge = issue(publication, [*slots, slot(publication, *briefs, kind=Kind.BRIEF)])
    rendered, html, _, _ = made(huge, publication)
    assert final_size(html) <= LIMIT
    assert len(html.replace("%%unsubscribe_url%%", "u" * 400).encode()) <= LIMIT
    [problem] = rendered.problems
    assert "Gmail" in str(problem)
    assert "left out" in str(problem)
    assert html.count("%%unsubscribe_url%%") == 2


def test_lower_stories_lose_their_teasers_first_and_keep_their_titles(
    mixed: Issue, publication: Publication
) -> None:
    def none(*_: object) -> None:
        return None

    whole = digest(mixed, publication, none, Room())
    small = digest(mixed, publication, none, Room(stories=1))
    assert [story.slug for story in whole.stories] == ["light", "hostile", "printemps"]
    assert [story.slug for story in small.stories] == ["light"]
    assert [story.slug for story in small.others] == ["hostile", "printemps"]


def test_a_lost_picture_is_told_and_the_mail_is_made(
    mixed: Issue, publication: Publication
) -> None:
    (mixed.folder / "pictures" / "hostile.jpg").unlink()
    rendered, html, _, _ = made(mixed, publication)
    assert ["there is no picture hostile.jpg" in str(problem) for problem in rendered.problems] == [
        True
    ]
    assert "What hostile shows" not in html


def test_a_publication_overrides_a_template_and_a_word(
    mixed: Issue, publication: Publication
) -> None:
    own = publication.root / "templates"
    (own / "words").mkdir(parents=True)
    (own / "words" / "en.toml").write_text('read_pdf = "Open the magazine"\n')
    (own / "email" / "issue").mkdir(parents=True)
    (own / "email" / "issue" / "subject.txt").write_text("No {{ issue.number }}\n")
    _, html, _, subject = made(mixed, publication)
    assert "Open the magazine" in html
    assert subject == "No 12\n"


# ---- in a browser ------------------------------------------------------------


def opened(browser: Browser, mail: Path, width: int, scheme: str = "light") -> Page:
    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(BASE)
        path = mail.parent.parent / "web" / name
        route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)

    page = browser.new_page(viewport={"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.route(f"{BASE}**", answer)
    page.goto(mail.as_uri())
    return page


@pytest.mark.parametrize("width", [360, 600])
def test_no_phone_scrolls_sideways(
    browser: Browser, mixed: Issue, publication: Publication, width: int
) -> None:
    rendered, _, _, _ = made(mixed, publication)
    page = opened(browser, rendered.files[0], width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_the_mail_is_dark_at_night_and_still_readable(
    browser: Browser, mixed: Issue, publication: Publication
) -> None:
    rendered, _, _, _ = made(mixed, publication)
    colour = "e => getComputedStyle(e).color"
    ground = "getComputedStyle(document.querySelector('.sheet')).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(browser, rendered.files[0], 600, scheme)
        headline = page.locator(".headline-lead a").first.evaluate(colour)
        seen[scheme] = (page.evaluate(ground), headline)
        page.close()
    assert seen["light"] == ("rgb(255, 253, 249)", "rgb(29, 26, 23)")
    assert seen["dark"] == ("rgb(27, 24, 21)", "rgb(236, 229, 218)")


def test_the_title_of_the_page_is_the_subject(mixed: Issue, publication: Publication) -> None:
    _, html, _, subject = made(mixed, publication)
    assert f"<title>{subject.strip()}</title>" in unescape(html)
