"""Check, approve and send: what is wrong stops an issue, and is told where it is."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.config import Approval, Publication, SourceConfig, SourceKind
from publisher.content.issue import FILE
from publisher.pipeline import record as records
from publisher.pipeline import steps
from publisher.pipeline.approving import Stale, Unsound, approve, release
from publisher.pipeline.checking import Checked, check_week
from publisher.pipeline.desk import Desk
from publisher.pipeline.examining import examine
from publisher.pipeline.making import collect_week, render_week
from publisher.pipeline.performing import perform
from publisher.pipeline.reporting import read_report
from publisher.pipeline.sending import Embargoed, send_issue
from publisher.pipeline.states import State
from publisher.problems import Problem, Severity, Spot
from publisher.render import Rendered
from publisher.storage.schema import audit
from tests.pipeline.conftest import FRIDAY, W47, Clock, desk_at, mails
from tests.pipeline.test_making import quick, state
from tests.render.issues import article as written
from tests.render.issues import issue, slot
from tests.servers.site import news_site


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that makes the e-mail and the web page, with the week collected."""
    desk = quick(desk)
    collect_week(desk, W47)
    return desk


def article(desk: Desk, slug: str = "rain-at-last") -> Path:
    return desk.folder(W47) / "articles" / f"{slug}.md"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def leave_a_gap(desk: Desk) -> None:
    edit(article(desk), "The harbour", "TK the harbour")


def with_preflight(desk: Desk, lines: str) -> None:
    path = desk.folder(W47) / FILE
    text = path.read_text() if path.exists() else ""
    path.write_text(f"{text}\n[preflight]\n{lines}\n")


def audited(desk: Desk) -> dict[str, object]:
    with desk.engine.connect() as connection:
        return {row.act: row.details for row in connection.execute(select(audit))}


def messages(checked: Checked) -> list[str]:
    return [problem.message for problem in checked.problems]


def letters(desk: Desk) -> str:
    outbox = desk.publication.root / desk.publication.delivery.outbox
    return "\n".join(path.read_text() for path in sorted(outbox.glob("*.eml")))


# ---- checking --------------------------------------------------------------------


def test_a_gap_is_found_without_a_magazine_too(desk: Desk) -> None:
    leave_a_gap(desk)
    checked = check_week(desk, W47)
    (error,) = checked.errors
    assert (error.article, error.check) == ("rain-at-last", "leftovers")
    assert checked.rendered_anew
    assert state(desk) is State.RENDERED


def test_what_is_rendered_already_is_not_rendered_again(desk: Desk) -> None:
    render_week(desk, W47)
    built = desk.folder(W47) / "build" / "web" / "index.html"
    before = built.stat().st_mtime_ns
    assert not check_week(desk, W47).rendered_anew
    assert built.stat().st_mtime_ns == before


@pytest.mark.parametrize("what", ["article", "picture", "issue.toml", "publication", "template"])
def test_what_has_changed_is_rendered_before_it_is_judged(desk: Desk, what: str) -> None:
    render_week(desk, W47)
    folder = desk.folder(W47)
    if what == "article":
        leave_a_gap(desk)
    elif what == "picture":
        (folder / "pictures").mkdir(exist_ok=True)
        (folder / "pictures" / "new.jpg").write_bytes(b"x")
    elif what == "issue.toml":
        with_preflight(desk, 'headline = "off"')
    elif what == "publication":
        desk = desk_at(replace(desk.publication, tagline="Anew"), desk.engine, desk.clock)
    else:
        own = desk.publication.root / "templates" / "words"
        own.mkdir(parents=True)
        (own / "en.toml").write_text('read_on = "Go on"\n')
    assert check_week(desk, W47).rendered_anew


def test_an_article_that_was_deleted_is_noticed(desk: Desk) -> None:
    render_week(desk, W47)
    article(desk).unlink()
    assert check_week(desk, W47).rendered_anew


def test_a_publication_decides_what_is_looked_at(desk: Desk) -> None:
    leave_a_gap(desk)
    with_preflight(desk, 'leftovers = "warning"')
    (gap,) = [p for p in check_week(desk, W47).problems if p.check == "leftovers"]
    assert gap.severity is Severity.WARNING
    edit(desk.folder(W47) / FILE, '"warning"', '"off"')
    assert not [p for p in check_week(desk, W47).problems if p.check == "leftovers"]


def test_the_proof_sheet_shows_every_problem_under_its_article(desk: Desk) -> None:
    leave_a_gap(desk)
    checked = check_week(desk, W47)
    page = checked.sheet.read_text()
    assert checked.sheet == desk.folder(W47) / "build" / "check" / "index.html"
    assert "1 error to mend" in page
    assert "Rain at last" in page
    assert "“TK” is left in the text" in page
    assert "http" not in page.split("<main>")[0]  # nothing is loaded from elsewhere


def test_a_hostile_headline_is_text_on_the_proof_sheet(desk: Desk) -> None:
    edit(article(desk), "Rain at last", "<script>alert(1)</script> TK")
    page = check_week(desk, W47).sheet.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_one_edition_can_be_looked_at_alone(desk: Desk) -> None:
    checked = check_week(desk, W47, only=("web",))
    assert [edition.edition for edition in read_report(desk, W47).rendered] == ["web"]
    assert checked.rendered_anew
    assert not check_week(desk, W47, only=("web",)).rendered_anew


def test_rendering_one_edition_does_not_forget_what_others_found(desk: Desk) -> None:
    render_week(desk, W47)
    path = desk.folder(W47) / "build" / "report.json"
    report = json.loads(path.read_text())
    mine = {"message": "the mail is odd", "severity": "error", "article": "rain-at-last"}
    report["editions"]["email"]["problems"] = [mine]
    path.write_text(json.dumps(report))
    made = render_week(desk, W47, only=("web",))
    assert "the mail is odd" in [problem.message for problem in made.problems]
    assert "the mail is odd" in [problem.message for problem in read_report(desk, W47).errors]
    made = render_week(desk, W47, only=("email",))
    assert "the mail is odd" not in [problem.message for problem in made.problems]


def test_an_approved_issue_is_looked_at_as_it_was_approved(desk: Desk) -> None:
    render_week(desk, W47)
    approve(desk, W47, by="ada")
    leave_a_gap(desk)
    checked = check_week(desk, W47)
    assert not checked.rendered_anew
    assert checked.errors == ()
    assert state(desk) is State.APPROVED


def test_dead_links_are_found_when_asked_for_and_block_from_then_on(desk: Desk) -> None:
    own = SourceConfig(kind=SourceKind.FOLDER, path=Path("x"), allow_private=("127.0.0.1",))
    publication = replace(desk.publication, sources=(own,))
    desk = desk_at(publication, desk.engine, desk.clock)
    with news_site() as site:
        edit(article(desk), "The harbour", f"[Read]({site.status('/gone', 404)}) the harbour")
        assert check_week(desk, W47).errors == ()
        assert not site.requests
        said: list[str] = []
        checked = check_week(desk, W47, links=True, told=lambda n, of, a: said.append(a))
    assert (checked.links, checked.dead) == (1, 1)
    assert said == [f"{site.url}/gone"]
    assert [problem.check for problem in checked.errors] == ["dead_links"]
    with pytest.raises(Unsound, match="/gone is dead"):
        approve(desk, W47, by="ada")


# ---- approving -------------------------------------------------------------------


def test_errors_are_refused_with_one_sentence_and_the_list(desk: Desk) -> None:
    leave_a_gap(desk)
    render_week(desk, W47)
    with pytest.raises(Unsound) as refused:
        approve(desk, W47, by="ada")
    assert refused.value.sentence == (
        "issue 2026-W47 has 1 error to mend before it can be approved"
    )
    assert "rain-at-last: “TK” is left in the text" in str(refused.value)
    assert "publisher check --week 2026-W47" in str(refused.value)


def test_what_an_editor_lets_pass_is_on_record(desk: Desk) -> None:
    leave_a_gap(desk)
    render_week(desk, W47)
    approve(desk, W47, by="ada", despite_errors=True)
    details = audited(desk)["approved despite errors"]
    assert "“TK” is left" in str(details)


def test_a_check_weighed_otherwise_for_an_issue_is_on_record(desk: Desk) -> None:
    leave_a_gap(desk)
    with_preflight(desk, 'leftovers = "warning"')
    render_week(desk, W47)
    approve(desk, W47, by="ada")
    acts = audited(desk)
    assert acts["approved with checks weighed otherwise"] == {"preflight": {"leftovers": "warning"}}
    assert "approved despite errors" not in acts


# ---- sending ---------------------------------------------------------------------


def test_an_embargo_that_still_runs_stops_an_early_sending(desk: Desk, clock: Clock) -> None:
    edit(article(desk), "title:", "embargo: 2026-11-20T18:00:00+01:00\ntitle:")
    render_week(desk, W47)
    approve(desk, W47, by="ada")
    with pytest.raises(Embargoed, match="rain-at-last is embargoed until Friday 20 November 18:00"):
        send_issue(desk, W47)
    assert mails(desk) == []
    clock.to("2026-11-20T18:01")
    assert send_issue(desk, W47).accepted == 3


def test_an_embargo_beyond_the_time_of_sending_blocks(desk: Desk) -> None:
    edit(article(desk), "title:", "embargo: 2026-11-23T08:00:00+01:00\ntitle:")
    (error,) = check_week(desk, W47).errors
    assert (error.article, error.check) == ("rain-at-last", "embargo")


def test_a_members_only_article_blocks_until_it_is_free(desk: Desk) -> None:
    edit(article(desk), "title:", "protected: true\ntitle:")
    (error,) = check_week(desk, W47).errors
    assert error.check == "protected"
    edit(article(desk), "protected: true", "protected: false")
    assert check_week(desk, W47).errors == ()


# ---- the week by itself -------------------------------------------------------------


def automatic(desk: Desk) -> Desk:
    schedule = replace(desk.publication.schedule, approval=Approval.AUTOMATIC)
    return desk_at(replace(desk.publication, schedule=schedule), desk.engine, desk.clock)


def test_an_automatic_issue_with_errors_is_held_and_its_editors_get_the_list(
    desk: Desk, clock: Clock
) -> None:
    desk = automatic(desk)
    leave_a_gap(desk)
    render_week(desk, W47)
    clock.to("2026-11-21T07:00")
    result = perform(desk, W47, "send")
    assert result == "failed: issue 2026-W47 has 1 error to mend before it can be approved"
    record = records.get(desk.engine, W47)
    assert record.state is State.HELD
    assert record.reason == "issue 2026-W47 has 1 error to mend before it can be approved"
    told = letters(desk)
    assert "rain-at-last" in told
    assert "TK" in told
    assert "publisher check --week 2026-W47" in told
    assert mails(desk) == []


def test_a_held_issue_goes_out_once_its_errors_are_mended(desk: Desk, clock: Clock) -> None:
    desk = automatic(desk)
    leave_a_gap(desk)
    render_week(desk, W47)
    clock.to("2026-11-21T07:00")
    perform(desk, W47, "send")
    edit(article(desk), "TK the harbour", "The harbour")
    assert check_week(desk, W47).errors == ()
    release(desk, W47)
    approve(desk, W47, by="ada")
    assert send_issue(desk, W47).accepted == 3


def test_an_issue_with_warnings_alone_goes_out_by_itself(desk: Desk, clock: Clock) -> None:
    desk = automatic(desk)
    made = render_week(desk, W47)
    assert made.problems
    clock.to("2026-11-21T07:00")
    assert "3" in perform(desk, W47, "send")
    assert state(desk) is State.SENT
    assert steps.of_week(desk.engine, W47)[0].result


# ---- the report ------------------------------------------------------------------


def test_the_report_gives_back_what_was_found(publication: Publication, desk: Desk) -> None:
    edit(article(desk), "title:", "embargo: 2026-11-20T18:00:00+01:00\ntitle:")
    made = render_week(desk, W47)
    report = read_report(desk, W47)
    assert report.problems == made.problems
    assert report.embargoes == {"rain-at-last": datetime.fromisoformat("2026-11-20T18:00:00+01:00")}
    assert set(report.inputs) == {"email", "web"}
    assert [edition.files for edition in report.rendered] == [r.files for r in made.rendered]
    assert isinstance(report.rendered[0], Rendered)
    assert all(isinstance(problem, Problem) for problem in report.problems)


def test_a_lost_picture_is_told_once_whichever_editions_miss_it(desk: Desk) -> None:
    edit(article(desk), "title:", "picture: pictures/lost.jpg\nalt: A\ncredit: B\ntitle:")
    (error,) = check_week(desk, W47).errors
    assert (error.check, error.article) == ("missing_picture", "rain-at-last")
    assert "there is no picture lost.jpg" in error.message


def test_a_place_that_is_wrong_on_two_pages_is_told_of_both(publication: Publication) -> None:
    made = issue(publication, [slot(publication, written("rain", "Rain at last"))])
    made.build_folder.mkdir(parents=True)

    def widow(edition: str, page: int) -> Rendered:
        spot = Spot(edition=edition, page=page, x=1, y=2, width=3, height=4)
        alone = Problem(message="alone", article="rain", check="widows", page=page, spot=spot)
        file = made.build_folder / f"{edition}.pdf"
        file.write_bytes(b"no PDF")
        return Rendered(edition=edition, files=(file,), pages=9, problems=(alone, alone))

    rendered = (widow("magazine", 3), widow("phone", 7))
    found = examine(made, publication, rendered, (), now=FRIDAY)
    assert [(p.page, p.where) for p in found if p.check == "widows"] == [
        (3, "page 3"),
        (7, "phone page 7"),
    ]


def test_what_was_changed_after_it_was_looked_at_is_not_approved(desk: Desk) -> None:
    render_week(desk, W47)
    leave_a_gap(desk)
    with pytest.raises(Stale, match="publisher check --week 2026-W47"):
        approve(desk, W47, by="ada", despite_errors=True)
    edit(article(desk), "TK the harbour", "The harbour")
    approve(desk, W47, by="ada")


def test_a_backup_of_an_editors_program_changes_nothing(desk: Desk) -> None:
    render_week(desk, W47)
    folder = desk.folder(W47) / "articles"
    for name in (".rain-at-last.md.swp", "rain-at-last.md~", ".DS_Store"):
        (folder / name).write_text("x")
    article(desk).touch()
    assert not check_week(desk, W47).rendered_anew


def test_an_automatic_issue_goes_out_as_it_was_mended_after_the_draft(
    desk: Desk, clock: Clock
) -> None:
    desk = automatic(desk)
    leave_a_gap(desk)
    render_week(desk, W47)
    edit(article(desk), "TK the harbour", "A mended harbour")
    clock.to("2026-11-21T07:00")
    perform(desk, W47, "send")
    assert state(desk) is State.SENT
    page = desk.folder(W47) / "build" / "approved" / "web" / "index.html"
    assert "A mended harbour" in page.read_text()
