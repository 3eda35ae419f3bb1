"""Links are asked politely, remembered, and told as what they mean for readers."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.config import Publication, SourceConfig, SourceKind
from publisher.content.issue import Issue
from publisher.pipeline.known_links import (
    BAD_FOR,
    GOOD_FOR,
    Finding,
    Standing,
    link_problems,
    remembered,
)
from publisher.pipeline.linking import PAUSE_S, check_links, in_turn, judged
from publisher.problems import Problem, Severity
from tests.render.issues import article, issue, slot
from tests.servers.site import news_site

NOW = datetime.fromisoformat("2026-11-20T07:00:00+01:00")


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


@pytest.fixture
def newsroom(publication: Publication) -> Publication:
    """A publication whose own network holds the test's servers."""
    own = SourceConfig(kind=SourceKind.FOLDER, path=Path("inbox"), allow_private=("127.0.0.1",))
    return replace(publication, sources=(own,))


def leading_to(publication: Publication, *addresses: str) -> Issue:
    body = "\n\n".join(f"See [this]({address})." for address in addresses)
    return issue(publication, [slot(publication, article("rain", "Rain at last", body=body))])


def ask(made: Issue, publication: Publication, now: datetime = NOW) -> dict[str, Finding]:
    time = Time()
    return check_links(made, publication, now=lambda: now, wait=time.wait, clock=time)


def told(made: Issue, publication: Publication, now: datetime = NOW) -> list[Problem]:
    return list(link_problems(made, publication, remembered(made), now))


def test_a_page_that_is_there_is_good_and_not_read(newsroom: Publication) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.page("/there", "x" * 1000))
        (finding,) = ask(made, newsroom).values()
    assert finding.standing is Standing.GOOD
    assert [request.method for request in site.requests] == ["HEAD"]
    assert site.requests[0].headers["User-Agent"].endswith(f"(+{newsroom.site})")
    assert told(made, newsroom) == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_an_error(newsroom: Publication, status: int) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.status("/gone", status))
        ask(made, newsroom)
    (problem,) = told(made, newsroom)
    assert (problem.severity, problem.check) == (Severity.ERROR, "dead_links")
    assert f"/gone is dead ({status} " in problem.message
    assert (problem.article, problem.subject) == ("rain", f"{site.url}/gone")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 599])
def test_what_a_machine_is_refused_a_reader_may_see(newsroom: Publication, status: int) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.status("/shy", status))
        ask(made, newsroom)
    (problem,) = told(made, newsroom)
    assert (problem.severity, problem.check) == (Severity.WARNING, "unsure_links")
    assert "in your browser" in problem.message


def test_a_site_that_knows_no_head_is_asked_with_get(newsroom: Publication) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.status("/old", 200, head=405))
        (finding,) = ask(made, newsroom).values()
    assert finding.standing is Standing.GOOD
    assert [request.method for request in site.requests] == ["HEAD", "GET"]


def test_redirects_are_followed_to_where_they_lead(newsroom: Publication) -> None:
    with news_site() as site:
        site.status("/new", 404)
        made = leading_to(newsroom, site.redirect("/old", "/new", 301))
        (finding,) = ask(made, newsroom).values()
    assert finding.standing is Standing.DEAD


def test_a_redirect_into_somebodys_own_network_is_not_followed(newsroom: Publication) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.redirect("/trap", "http://127.0.0.2:9/admin"))
        (finding,) = ask(made, newsroom).values()
    assert finding.standing is Standing.UNSURE
    assert "not on the public internet" in finding.reason


def test_a_private_address_is_not_asked(publication: Publication) -> None:
    with news_site() as site:
        made = leading_to(publication, site.page("/secret", "x"))
        (finding,) = ask(made, publication).values()
        assert not site.requests
    assert finding.standing is Standing.UNSURE


def test_a_server_that_is_silent_is_not_waited_for(newsroom: Publication) -> None:
    made = leading_to(newsroom, "http://127.0.0.1:9/closed")
    (finding,) = ask(made, newsroom).values()
    assert finding.standing is Standing.UNSURE
    assert finding.reason.startswith("could not be checked (cannot be reached: ")


def test_a_good_link_is_asked_again_after_a_week_a_bad_one_after_a_day(
    newsroom: Publication,
) -> None:
    with news_site() as site:
        good, bad = site.status("/good", 200), site.status("/bad", 404)
        made = leading_to(newsroom, good, bad)
        ask(made, newsroom)
        ask(made, newsroom, NOW + timedelta(hours=23))
        assert (len(site.asked("/good")), len(site.asked("/bad"))) == (1, 2)  # HEAD, then GET
        ask(made, newsroom, NOW + BAD_FOR)
        assert (len(site.asked("/good")), len(site.asked("/bad"))) == (1, 4)
        ask(made, newsroom, NOW + GOOD_FOR)
        assert len(site.asked("/good")) == 2


def test_what_was_found_long_ago_is_not_held_against_an_issue(newsroom: Publication) -> None:
    with news_site() as site:
        made = leading_to(newsroom, site.status("/bad", 404))
        ask(made, newsroom)
    assert len(told(made, newsroom)) == 1
    assert told(made, newsroom, NOW + BAD_FOR) == []


def test_one_server_is_asked_once_a_second_and_others_take_turns(newsroom: Publication) -> None:
    with news_site() as one, news_site() as other:
        ones = [one.status(f"/{n}", 200) for n in range(3)]
        made = leading_to(newsroom, *ones, other.status("/x", 200))
        time = Time()
        order: list[str] = []
        check_links(
            made,
            newsroom,
            now=lambda: NOW,
            wait=time.wait,
            clock=time,
            told=lambda done, count, address: order.append(address),
        )
    assert order == [ones[0], f"{other.url}/x", ones[1], ones[2]]
    assert time.waits == [PAUSE_S, PAUSE_S]


def test_a_server_that_asks_to_be_left_alone_is(newsroom: Publication) -> None:
    with news_site() as site:
        made = leading_to(newsroom, *(site.status(f"/{n}", 429) for n in range(4)))
        found = ask(made, newsroom)
        assert len(site.requests) == 1
    assert [finding.standing for finding in found.values()] == [Standing.UNSURE]


def test_what_was_found_before_an_interrupt_is_kept(newsroom: Publication) -> None:
    made = leading_to(newsroom, "https://one.org/a", "https://two.org/b")

    def stop_at_the_second(address: str) -> Finding:
        if "two" in address:
            raise KeyboardInterrupt
        return judged(404, NOW)

    with pytest.raises(KeyboardInterrupt):
        check_links(made, newsroom, now=lambda: NOW, ask=stop_at_the_second)
    assert list(remembered(made)) == ["https://one.org/a"]


@pytest.mark.parametrize("memory", ["", "[]", '{"https://a.org": 3}', '{"https://a.org": {}}'])
def test_a_broken_memory_only_costs_time(newsroom: Publication, memory: str) -> None:
    made = leading_to(newsroom, "https://a.org")
    path = made.build_folder / "cache" / "links.json"
    path.parent.mkdir(parents=True)
    path.write_text(memory)
    assert remembered(made) == {}


def test_servers_take_turns_and_nothing_is_lost() -> None:
    addresses = ["https://a.org/1", "https://a.org/2", "https://b.org/1", "https://a.org/3"]
    assert list(in_turn(addresses)) == [addresses[0], addresses[2], addresses[1], addresses[3]]


def test_a_name_that_nobody_has_leads_to_no_server(newsroom: Publication) -> None:
    made = leading_to(newsroom, "https://nowhere.invalid/x")
    (finding,) = ask(made, newsroom).values()
    assert finding.standing in (Standing.DEAD, Standing.UNSURE)  # unsure where no name is known
    (problem,) = told(made, newsroom)
    assert "nowhere.invalid" in problem.message
