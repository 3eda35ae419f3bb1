import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.config import Approval, Publication
from publisher.content.issue import Issue
from publisher.errors import RenderError
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.message import Parts, inline_styles, render_message
from publisher.render.notices import draft_notice, held_notice
from publisher.render.plain import WIDTH
from publisher.render.templates import environment
from publisher.week import Week
from tests.render.issues import mixed_issue

CONFIRM = "https://news.example/confirm/eyJzIjoxfQ.aXy3bK"
DUE = dt.datetime(2026, 11, 21, 7, tzinfo=dt.UTC)


@pytest.fixture
def mixed(publication: Publication) -> Issue:
    return mixed_issue(publication)


@pytest.fixture
def rendered(tmp_path: Path) -> list[Rendered]:
    path = tmp_path / "sirocco.pdf"
    path.write_bytes(b"%" * 4_140_000)
    return [Rendered(edition="magazine", files=(path,), pages=28)]


def words_of(parts: Parts) -> str:
    return " ".join(parts.text.split())


def test_a_confirmation_asks_once_and_says_what_to_do_if_it_was_not_you(
    publication: Publication,
) -> None:
    parts = render_message(environment(publication), "confirm", confirm_url=CONFIRM)
    assert parts.subject == "Please confirm: Sirocco by e-mail"
    assert parts.html.count('class="button"') == 1
    assert f'href="{CONFIRM}"' in parts.html
    assert CONFIRM in parts.text.splitlines()
    for content in (parts.html, words_of(parts)):
        assert "If it was not you, do nothing" in content
        assert "one issue a week" in content
        assert publication.sender.postal in content
    assert "%%unsubscribe_url%%" not in parts.html + parts.text


def test_a_welcome_can_be_left_again_and_shows_the_latest_issue(publication: Publication) -> None:
    env = environment(publication)
    latest = "https://news.example/issues/2026-W47/"
    parts = render_message(env, "welcome", latest_url=latest)
    assert latest in parts.text.splitlines()
    assert "%%unsubscribe_url%%" in parts.html
    assert "%%unsubscribe_url%%" in parts.text
    assert "%%preferences_url%%" in parts.html
    assert "%%preferences_url%%" in parts.text.splitlines()
    assert 'class="button"' not in render_message(env, "welcome").html


@pytest.mark.parametrize(("language", "subject"), [("fr", "À confirmer"), ("ar", "يرجى التأكيد")])
def test_readers_are_written_to_in_the_magazines_language(
    publication: Publication, language: str, subject: str
) -> None:
    env = environment(replace(publication, language=language))
    parts = render_message(env, "confirm", confirm_url=CONFIRM)
    assert parts.subject.startswith(subject)
    assert "Please" not in parts.html + parts.text


def test_a_draft_tells_the_editors_what_was_made_what_is_wrong_and_what_to_do(
    mixed: Issue, publication: Publication, rendered: list[Rendered]
) -> None:
    problems = [
        Problem(message="the picture has 90 ppi: use a larger one", article="rivers", page=7),
        Problem(message="<b>no alt text</b>", severity=Severity.ERROR, article="light"),
    ]
    env = environment(publication)
    parts = draft_notice(
        env, mixed, rendered, problems, send_at=DUE, preview_url="http://x.example/p"
    )
    assert parts.subject == "Sirocco 12 is ready to look at: 1 to mend"
    text = words_of(parts)
    assert "The magazine (PDF): 28 pages, 4.1 MB" in text
    assert "To mend: light: <b>no alt text</b>" in text
    assert "To look at: rivers, page 7: the picture has 90 ppi" in text
    assert text.index("To mend:") < text.index("To look at:")
    assert "publisher approve --week 2026-W47" in text
    assert "Saturday 21 November at 07:00 (UTC)" in text
    assert "http://x.example/p" in text
    assert "&lt;b&gt;no alt text" in parts.html
    assert "28 pages, 4.1 MB" in parts.html


def test_a_draft_that_goes_out_by_itself_says_so(
    mixed: Issue, publication: Publication, rendered: list[Rendered]
) -> None:
    schedule = replace(publication.schedule, approval=Approval.AUTOMATIC)
    env = environment(replace(publication, schedule=schedule))
    text = words_of(draft_notice(env, mixed, rendered, [], send_at=DUE))
    assert "It goes out by itself on Saturday 21 November" in text
    assert "None were found." in text
    assert "publisher hold --week 2026-W47" in text
    assert "publisher approve" not in text


def test_a_held_issue_gives_its_reason_and_the_next_step(publication: Publication) -> None:
    parts = held_notice(
        environment(publication),
        Week(2026, 47),
        "Nobody had approved it by Saturday 07:00.",
        number=12,
        steps=["Look at it once more."],
        commands=["publisher approve --week 2026-W47"],
    )
    assert parts.subject == "Sirocco 12 (2026-W47) is waiting for you"
    for content in (parts.html, parts.text):
        assert "Nobody had approved it by Saturday 07:00." in content
        assert "Look at it once more." in content
        assert "publisher approve --week 2026-W47" in content


def test_every_mail_is_safe_in_any_program(
    mixed: Issue, publication: Publication, rendered: list[Rendered]
) -> None:
    env = environment(publication)
    for parts in (
        render_message(env, "confirm", confirm_url=CONFIRM),
        render_message(env, "welcome"),
        draft_notice(env, mixed, rendered, []),
        held_notice(env, Week(2026, 47), "It waits."),
    ):
        assert "\n" not in parts.subject
        assert "<script" not in parts.html
        assert "<link" not in parts.html
        assert '<meta name="color-scheme" content="light dark">' in parts.html
        assert "prefers-color-scheme: dark" in parts.html
        assert "[data-ogsc]" in parts.html
        assert "<!--[if mso]>" in parts.html
        assert 'style="' in parts.html[parts.html.index("<body") :]
        assert [x for x in parts.text.splitlines() if len(x) > WIDTH and "://" not in x] == []
        assert "\n\n\n" not in parts.text


def test_something_a_template_lacks_is_named(publication: Publication) -> None:
    with pytest.raises(RenderError, match=r"email/confirm/.*confirm_url"):
        render_message(environment(publication), "confirm")


def test_a_mail_that_does_not_exist_is_named(publication: Publication) -> None:
    with pytest.raises(RenderError, match=r"email/goodbye/subject\.txt"):
        render_message(environment(publication), "goodbye")


def test_media_queries_and_comments_survive_inlining_and_nothing_is_fetched() -> None:
    html = inline_styles(
        "<html><head><style>p { color: red } @media (max-width: 9px) { p { color: blue } }</style>"
        '<link rel="stylesheet" href="http://127.0.0.1:9/never.css"></head>'
        "<body><!--[if mso]>old<![endif]--><p>x</p></body></html>"
    )
    assert '<p style="color: red' in html
    assert "@media (max-width: 9px)" in html
    assert "<!--[if mso]>old<![endif]-->" in html


@pytest.mark.parametrize(
    "attempt",
    ["publication.root.read_text()", "publication.root.joinpath('/etc/passwd').read_text()"],
)
def test_an_editors_template_cannot_read_files(publication: Publication, attempt: str) -> None:
    folder = publication.root / "templates" / "email" / "confirm"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("{{ " + attempt + " }}")
    with pytest.raises(RenderError, match="unsafe"):
        render_message(environment(publication), "confirm", confirm_url=CONFIRM)


def test_an_editors_template_may_not_call_what_is_not_there(publication: Publication) -> None:
    folder = publication.root / "templates" / "email" / "confirm"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("{{ ''.__class__.__mro__ }}")
    with pytest.raises(RenderError, match="unsafe"):
        render_message(environment(publication), "confirm", confirm_url=CONFIRM)
