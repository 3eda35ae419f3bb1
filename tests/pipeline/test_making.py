"""From the inbox to editions, as an editor would notice it."""

from dataclasses import replace

import pytest

from publisher.config import Editions
from publisher.content.issue import FILE
from publisher.errors import ConfigError, EmptyIssue
from publisher.pipeline import record as records
from publisher.pipeline.approving import APPROVED, Unsound, approve, hold, release, reopen
from publisher.pipeline.desk import Desk
from publisher.pipeline.making import collect_week, compose_week, render_week
from publisher.pipeline.reporting import read_report
from publisher.pipeline.states import IllegalMove, State
from tests.pipeline.conftest import W47, desk_at, mails, write_article


def quick(desk: Desk) -> Desk:
    """Make the e-mail and the web page alone: printing is tested elsewhere, and slow."""
    publication = replace(desk.publication, editions=Editions(make=("email", "web")))
    return desk_at(publication, desk.engine, desk.clock)


def rendered(desk: Desk) -> Desk:
    desk = quick(desk)
    collect_week(desk, W47)
    render_week(desk, W47)
    return desk


def state(desk: Desk) -> State:
    return records.get(desk.engine, W47).state


def test_the_first_article_opens_the_issue_with_its_number(desk: Desk) -> None:
    report = collect_week(desk, W47)
    assert len(report.added) == 2
    record = records.get(desk.engine, W47)
    assert (record.state, record.number) == (State.OPEN, 12)


def test_a_week_without_articles_takes_no_number(desk: Desk) -> None:
    for path in (desk.publication.issues / "inbox").glob("*.md"):
        path.unlink()
    collect_week(desk, W47)
    with pytest.raises(EmptyIssue, match="publisher collect --week 2026-W47"):
        compose_week(desk, W47)
    assert records.find(desk.engine, W47) is None


def test_a_second_collection_adds_only_what_is_new(desk: Desk) -> None:
    collect_week(desk, W47)
    write_article(desk.publication, "late-snow")
    assert [a.slug for a in collect_week(desk, W47).added] == ["late-snow"]


def test_composing_writes_issue_toml_once_and_never_again(desk: Desk) -> None:
    collect_week(desk, W47)
    compose_week(desk, W47)
    path = desk.folder(W47) / FILE
    assert "number = 12" in path.read_text()
    mine = path.read_text() + "\n# my own note\n"
    path.write_text(mine)
    compose_week(desk, W47)
    assert path.read_text() == mine


def test_the_number_in_issue_toml_wins(desk: Desk) -> None:
    collect_week(desk, W47)
    compose_week(desk, W47)
    path = desk.folder(W47) / FILE
    path.write_text(path.read_text().replace("number = 12", "number = 99"))
    assert compose_week(desk, W47).issue.number == 99
    assert records.get(desk.engine, W47).number == 99


def test_a_mistake_in_issue_toml_is_named(desk: Desk) -> None:
    collect_week(desk, W47)
    desk.folder(W47).joinpath(FILE).write_text("[cover]\nstroy = 'x'\n")
    with pytest.raises(ConfigError, match=r"2026-W47/issue.toml: unknown key cover.stroy"):
        compose_week(desk, W47)


def test_a_broken_article_is_reported_and_the_others_are_rendered(desk: Desk) -> None:
    desk = quick(desk)
    collect_week(desk, W47)
    (desk.folder(W47) / "articles" / "broken.md").write_text("---\ntitle: [\n---\n")
    made = render_week(desk, W47)
    assert [problem.article for problem in made.errors] == ["broken"]
    assert made.edition("web")


def test_rendering_moves_the_issue_on_and_notes_what_was_found(desk: Desk) -> None:
    desk = rendered(desk)
    assert state(desk) is State.RENDERED
    report = read_report(desk, W47)
    assert "web/index.html" in report.files
    assert any("thin week" in problem.message for problem in report.problems)


def test_approving_keeps_what_was_built_whatever_is_rendered_later(desk: Desk) -> None:
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    kept = desk.folder(W47) / "build" / APPROVED / "web" / "index.html"
    built = desk.folder(W47) / "build" / "web" / "index.html"
    built.write_text("something else")
    assert "Salt and stone" in kept.read_text()
    record = records.get(desk.engine, W47)
    assert (record.state, record.approved_by) == (State.APPROVED, "ada")
    assert record.digest


def test_an_approved_issue_can_neither_be_rendered_nor_collected_into(desk: Desk) -> None:
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    write_article(desk.publication, "late-snow")
    with pytest.raises(IllegalMove, match="reopen"):
        render_week(desk, W47)
    with pytest.raises(IllegalMove, match="reopen"):
        collect_week(desk, W47)


def test_a_reopened_issue_can_be_edited_and_approved_anew(desk: Desk) -> None:
    desk = rendered(desk)
    approve(desk, W47, by="ada")
    reopen(desk, W47)
    article = desk.folder(W47) / "articles" / "rain-at-last.md"
    article.write_text(article.read_text().replace("Rain at last", "Rain, and plenty of it"))
    render_week(desk, W47)
    approve(desk, W47, by="ada")
    kept = desk.folder(W47) / "build" / APPROVED / "web" / "index.html"
    assert "Rain, and plenty of it" in kept.read_text()


def test_errors_keep_an_issue_from_being_approved(desk: Desk) -> None:
    desk = quick(desk)
    collect_week(desk, W47)
    (desk.folder(W47) / "articles" / "broken.md").write_text("no front matter")
    render_week(desk, W47)
    with pytest.raises(Unsound, match="broken"):
        approve(desk, W47, by="ada")
    approve(desk, W47, by="ada", despite_errors=True)
    assert state(desk) is State.APPROVED


def test_holding_tells_the_editors_why_and_releasing_goes_back(desk: Desk) -> None:
    desk = rendered(desk)
    hold(desk, W47, "a fact is wrong")
    assert state(desk) is State.HELD
    outbox = desk.publication.root / desk.publication.delivery.outbox
    letters = [path.read_text() for path in outbox.glob("*.eml")]
    assert len(letters) == 1
    assert "a fact is wrong" in letters[0]
    assert release(desk, W47).state is State.RENDERED
    assert mails(desk) == []
