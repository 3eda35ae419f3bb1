"""A week's collection: each article once, nothing lost, nothing of an editor's overwritten."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from publisher.collect import CollectReport, collect
from publisher.collect.seen import seen
from publisher.config import SourceConfig, SourceKind
from publisher.storage.engine import reading
from publisher.week import Week
from tests.collect.conftest import NOW, QUICK, WEEK, Newsroom
from tests.servers.site import LONG, Site, item, media, rss


def slugs(report: CollectReport) -> list[str]:
    return sorted(added.slug for added in report.added)


def told(report: CollectReport) -> list[str]:
    return [str(problem) for problem in report.problems]


def has(words: str, lines: Iterable[str]) -> bool:
    return any(words in line for line in lines)


def day(text: str) -> str:
    """Return an RSS date of Tunis for "18 Nov 09:00"."""
    moment = datetime.strptime(f"2026 {text} +0100", "%Y %d %b %H:%M %z")
    return moment.strftime("%a, %d %b %Y %H:%M:%S %z")


def markdown(title: str, published: str = "", more: str = "") -> str:
    date = f"published: {published}\n" if published else ""
    return f"---\ntitle: {title}\n{date}{more}---\n\nText of {title}.\n"


def test_a_second_run_adds_only_what_is_new(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("One"))))
    assert slugs(newsroom.collect()) == ["one"]
    site.page("/feed", rss(item("Two"), item("One")))
    report = newsroom.collect()
    assert slugs(report) == ["two"]
    assert report.already == ("one",)
    assert newsroom.files() == ["one.md", "two.md"]


def test_what_an_editor_changed_stays(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("One"), item("Two"))))
    newsroom.collect()
    one, two = (newsroom.issue() / "articles" / f"{name}.md" for name in ("one", "two"))
    one.write_text(one.read_text().replace("title: One", "title: Edited"))
    two.unlink()
    report = newsroom.collect()
    assert (report.added, report.problems) == ((), ())
    assert "title: Edited" in one.read_text()
    assert not two.exists()


def test_a_file_an_editor_is_in_the_middle_of_stays(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("One"))))
    path = newsroom.issue() / "articles" / "one.md"
    path.parent.mkdir(parents=True)
    path.write_text("---\ntitle: [half")
    assert slugs(newsroom.collect()) == ["one-2"]
    assert path.read_text() == "---\ntitle: [half"


def test_the_week_runs_from_cutoff_to_cutoff(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(
        site.page(
            "/feed",
            rss(
                item("Before", date=day("13 Nov 05:59")),
                item("First", date=day("13 Nov 06:00")),
                item("Last", date=day("20 Nov 05:59")),
                item("After", date=day("20 Nov 06:00")),
            ),
        )
    )
    report = newsroom.collect()
    assert slugs(report) == ["first", "last"]
    assert [(w.title, w.reason) for w in report.waiting] == [
        ("After", "published 2026-11-20 06:00, after this week closes")
    ]
    assert slugs(newsroom.collect(WEEK.next(), now=NOW + timedelta(days=7))) == ["after"]


def test_not_modified_never_hides_what_waited(site: Site, newsroom: Newsroom) -> None:
    feed = rss(item("Now"), item("Next", date=day("21 Nov 09:00")))
    newsroom.feed(site.page("/feed", feed, etag='"1"'))
    newsroom.collect()
    assert slugs(newsroom.collect(WEEK.next())) == ["next"]


def test_an_earlier_week_can_still_be_collected(site: Site, newsroom: Newsroom) -> None:
    feed = rss(item("Now"), item("Then", date=day("10 Nov 09:00")))
    newsroom.feed(site.page("/feed", feed, etag='"1"'))
    assert slugs(newsroom.collect()) == ["now"]
    assert slugs(newsroom.collect(WEEK.previous())) == ["then"]


def test_late_arrivals_come_if_the_feed_was_read_before(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("Old", date=day("10 Nov 09:00")))))
    newsroom.collect(WEEK.previous())
    site.page(
        "/feed",
        rss(
            item("Old", date=day("10 Nov 09:00")),
            item("Late", date=day("10 Nov 10:00")),
            item("Too late", date=day("5 Nov 10:00")),
        ),
    )
    report = newsroom.collect()
    assert slugs(report) == ["late"]
    assert report.added[0].note == "published 2026-11-10 10:00, before this week, but never used"


def test_a_first_reading_does_not_bring_history(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("Old", date=day("10 Nov 09:00")), item("New"))))
    assert slugs(newsroom.collect()) == ["new"]


def test_folder_articles_come_at_any_age_and_wait_for_their_week(newsroom: Newsroom) -> None:
    newsroom.folder(
        {
            "old.md": markdown("Old", "2026-03-01"),
            "undated.md": markdown("Undated"),
            "later.md": markdown("Later", "2026-11-23"),
        }
    )
    report = newsroom.collect()
    assert slugs(report) == ["old", "undated"]
    assert {a.slug: a.note for a in report.added}["undated"] == "undated"
    assert [waiting.title for waiting in report.waiting] == ["Later"]
    assert slugs(newsroom.collect(WEEK.next())) == ["later"]


def test_an_embargo_past_the_sending_makes_an_article_wait(newsroom: Newsroom) -> None:
    newsroom.folder(
        {
            # the issue goes out on Saturday 21 November at 07:00
            "soon.md": markdown("Soon", "2026-11-18", "embargo: 2026-11-21T07:00:00+01:00\n"),
            "later.md": markdown("Later", "2026-11-18", "embargo: 2026-11-22T00:00:00+01:00\n"),
        }
    )
    report = newsroom.collect()
    assert slugs(report) == ["soon"]
    assert "embargoed until 2026-11-22" in report.waiting[0].reason
    assert slugs(newsroom.collect(WEEK.next())) == ["later"]


def test_an_article_of_an_earlier_issue_does_not_come_again(newsroom: Newsroom) -> None:
    newsroom.folder({"a.md": markdown("A", "2026-11-10")})
    newsroom.collect(WEEK.previous())
    report = newsroom.collect()
    assert (report.added, report.already) == ((), ("a",))
    assert newsroom.files() == []


def test_an_article_in_two_sources_comes_once(site: Site, newsroom: Newsroom) -> None:
    more = "url: http://www.daily.example/harbour/?utm_source=x#top\n"
    newsroom.folder({"harbour.md": markdown("Harbour", "2026-11-18", more)})
    inbox = newsroom.publication.sources[0]
    newsroom.feed(site.page("/feed", rss(item("Harbour", link="https://daily.example/harbour"))))
    newsroom.read(inbox, *newsroom.publication.sources)
    report = newsroom.collect()
    assert [(a.slug, a.source) for a in report.added] == [("harbour", "Inbox")]


def test_the_same_headline_elsewhere_is_told_but_not_dropped(
    site: Site, newsroom: Newsroom
) -> None:
    one = site.page("/1", rss(item("Sfax, the harbour")))
    two = site.page("/2", rss(item("SFAX: the Harbour!", link="https://other.example/x")))
    newsroom.feed(one, two)
    report = newsroom.collect()
    assert slugs(report) == ["sfax-the-harbour", "sfax-the-harbour-2"]
    assert has(f"same headline as sfax-the-harbour from {one}", told(report))


def test_a_change_at_the_source_is_told_and_the_editors_copy_stays(
    site: Site, newsroom: Newsroom
) -> None:
    newsroom.feed(site.page("/feed", rss(item("One")), etag='"1"'))
    newsroom.collect()
    before = newsroom.article("one")
    html = LONG.replace("harbour", "port")
    site.page("/feed", rss(item("One", html=html)), etag='"2"')
    report = newsroom.collect()
    assert has("changed at the source since it was taken (https://daily.example/one)", told(report))
    assert newsroom.article("one") == before
    assert has("changed at the source", told(newsroom.collect()))
    # the editor has seen it
    path = newsroom.issue() / "articles" / "one.md"
    new = next(p.message for p in report.problems).partition("digest: ")[2].split()[0]
    path.write_text(path.read_text().replace(before.extra["fetched"]["digest"], new))
    assert newsroom.collect().problems == ()


def test_an_article_knows_whether_it_came_from_a_feed(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("One"))))
    newsroom.collect()
    newsroom.folder({"two.md": "---\ntitle: Two\n---\nText.\n"})
    newsroom.collect()
    assert newsroom.article("one").from_feed
    assert not newsroom.article("two").from_feed


def test_markup_alone_is_no_change(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(site.page("/feed", rss(item("One"))))
    newsroom.collect()
    site.page("/feed", rss(item("One", html=f"<div class='v2'>\n{LONG}\n</div>")))
    assert newsroom.collect().problems == ()


def test_a_dead_source_is_reported_and_the_others_go_on(site: Site, newsroom: Newsroom) -> None:
    newsroom.feed(
        "http://127.0.0.1:9/dead",
        site.hang("/hang"),
        site.page("/404", "no", status=404),
        site.page("/html", "<html>", "text/html"),
        site.bomb("/bomb", 12),
        site.truncated("/cut", rss(item("Cut")).encode()),
        site.redirect("/loop", "/loop"),
        site.redirect("/inside", "http://169.254.169.254/"),
        site.page("/good", rss(item("Good"))),
    )
    report = newsroom.collect()
    assert slugs(report) == ["good"]
    by_source = {problem.source.rpartition("/")[2]: problem.message for problem in report.problems}
    assert len(report.problems) == len(by_source) == 8
    for name, words in {
        "dead": "cannot be reached",
        "hang": "did not answer in time",
        "404": "check the address",
        "html": "is a web page, not a feed",
        "bomb": "larger than 10 MB",
        "cut": "broke off",
        "loop": "redirects more than",
        "inside": "not on the public internet",
    }.items():
        assert words in by_source[name]


def test_a_mistake_of_ours_in_one_source_does_not_stop_the_others(
    site: Site, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RecursionError

    newsroom.folder({"a.md": markdown("A")})
    inbox = newsroom.publication.sources
    newsroom.feed(site.page("/feed", rss(item())))
    newsroom.read(*newsroom.publication.sources, *inbox)
    monkeypatch.setattr("publisher.collect.feed.parse_feed", stumble)
    report = newsroom.collect()
    assert slugs(report) == ["a"]
    assert has("a mistake in Publisher (RecursionError)", told(report))


def test_a_full_disk_loses_nothing(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.folder({"a.md": markdown("A"), "b.md": markdown("B")})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("publisher.collect.shelf.save", full)
        report = newsroom.collect()
    assert report.added == ()
    assert has("No space left on device", told(report))
    assert slugs(newsroom.collect()) == ["a", "b"]


def test_sources_are_named_as_they_are_read(newsroom: Newsroom) -> None:
    newsroom.folder({"a.md": markdown("A")})
    names: list[str] = []
    newsroom.collect(progress=names.append)
    assert names == ["Inbox"]


# ---- claims, on SQLite and on PostgreSQL ---------------------------------------


def test_two_collections_at_once_take_each_article_once(newsroom: Newsroom, engine: Engine) -> None:
    newsroom.folder({f"a{n}.md": markdown(f"A {n}", "2026-11-18") for n in range(30)})
    reports: list[CollectReport] = []
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        reports.append(collect(newsroom.publication, WEEK, engine, now=NOW, limits=QUICK))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    added = [a.slug for report in reports for a in report.added]
    assert len(reports) == 3
    assert sorted(added) == sorted(f"a{n}" for n in range(30))
    assert newsroom.files() == sorted(f"a{n}.md" for n in range(30))


def test_a_failed_commit_is_made_good_by_the_next_run(newsroom: Newsroom, engine: Engine) -> None:
    newsroom.folder({"a.md": markdown("A", "2026-11-18")})

    class PowerCut(BaseException):
        pass

    def cut(_: object) -> None:
        if (newsroom.issue() / "articles" / "a.md").exists():
            raise PowerCut

    event.listen(engine, "commit", cut)
    with pytest.raises(PowerCut):
        collect(newsroom.publication, WEEK, engine, now=NOW)
    event.remove(engine, "commit", cut)
    with reading(engine) as connection:
        assert seen(connection, ["slug:a"]) == {}
    report = collect(newsroom.publication, WEEK, engine, now=NOW)
    assert [(a.slug, a.note) for a in report.added] == [("a", "its file was there already")]
    assert newsroom.files() == ["a.md"]
    with reading(engine) as connection:
        assert seen(connection, ["slug:a"])["slug:a"].week == str(WEEK)


def test_one_article_claimed_by_two_weeks_belongs_to_one(
    newsroom: Newsroom, engine: Engine
) -> None:
    newsroom.folder({"a.md": markdown("A")})
    first = collect(newsroom.publication, WEEK, engine, now=NOW)
    second = collect(newsroom.publication, Week(2026, 48), engine, now=NOW)
    assert (len(first.added), len(second.added)) == (1, 0)


def test_pictures_and_sources_of_many_weeks_do_not_mix(site: Site, newsroom: Newsroom) -> None:
    picture = site.picture("/a.jpg")
    newsroom.feed(
        site.page(
            "/feed",
            rss(
                item("One", more=media(picture)),
                item("Two", more=media(picture), date=day("21 Nov 09:00")),
            ),
        )
    )
    newsroom.collect()
    newsroom.collect(WEEK.next())
    assert newsroom.pictures() == newsroom.pictures(WEEK.next()) == ["a.jpg"]


def test_a_source_section_and_language_fill_what_articles_leave_open(newsroom: Newsroom) -> None:
    newsroom.folder(
        {"a.md": markdown("A"), "b.md": markdown("B", more="section: Food\nlanguage: fr\n")}
    )
    (source,) = newsroom.publication.sources
    assert source.kind is SourceKind.FOLDER
    filled: SourceConfig = replace(source, section="Culture", language="ar")
    newsroom.read(filled)
    newsroom.collect()
    a, b = newsroom.article("a"), newsroom.article("b")
    assert (a.section, a.language, b.section, b.language) == ("Culture", "ar", "Food", "fr")
