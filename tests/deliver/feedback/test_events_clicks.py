"""People and machines, told apart by their clicks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.deliver.feedback.events_clicks import Visit, addresses, is_scanner, machines

SENT = 1_795_244_400
LINKS = [f"story-{number}" for number in range(6)]
_VISITS = st.lists(
    st.builds(Visit, st.sampled_from(LINKS), st.integers(SENT - 10, SENT + 200), st.booleans()),
    max_size=12,
)


def by_machine(*visits: Visit, delivered: int | None = SENT, links: int = 20) -> list[bool]:
    """Return the verdict on each click."""
    return machines(visits, delivered=delivered, links=links)


def test_a_reader_who_follows_a_few_links_is_a_person() -> None:
    visits = [Visit(link, SENT + 60 + 30 * n, False) for n, link in enumerate(LINKS[:4])]
    assert by_machine(*visits) == [False] * 4


def test_a_click_within_five_seconds_of_delivery_is_a_machines() -> None:
    early = [Visit("a", SENT + 4, False), Visit("a", SENT - 3, False)]
    assert by_machine(*early, Visit("a", SENT + 5, False)) == [True, True, False]
    assert by_machine(*early, delivered=None) == [False, False]


def test_four_clicks_in_a_second_are_a_machines() -> None:
    burst = [Visit(link, SENT + 900, False) for link in LINKS[:4]]
    later = Visit("story-0", SENT + 905, False)
    assert by_machine(*burst, later) == [True, True, True, True, False]
    assert by_machine(*burst[:3], later) == [False] * 4
    # the same link four times is no less a burst
    assert by_machine(*[burst[0]] * 4) == [True] * 4


def test_following_every_link_within_a_minute_is_a_machines_doing() -> None:
    sweep = [Visit(link, SENT + 600 + 10 * n, False) for n, link in enumerate(LINKS)]
    assert by_machine(*sweep, links=6) == [True] * 6
    assert by_machine(*sweep, links=7) == [False] * 6
    slow = [Visit(link, SENT + 600 + 60 * n, False) for n, link in enumerate(LINKS)]
    assert by_machine(*slow, links=6) == [False] * 6


def test_one_who_follows_both_links_of_a_short_mail_is_a_person() -> None:
    visits = [Visit("a", SENT + 60, False), Visit("b", SENT + 70, False)]
    assert by_machine(*visits, links=2) == [False, False]


def test_a_scanner_that_names_itself_is_believed() -> None:
    assert by_machine(Visit("a", SENT + 900, True)) == [True]


@given(_VISITS, st.randoms(use_true_random=False), st.integers(0, 7), st.none() | st.just(SENT))
def test_the_verdict_does_not_depend_on_the_order(
    visits: list[Visit], chance: object, links: int, delivered: int | None
) -> None:
    shuffled = visits.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    first = machines(visits, delivered=delivered, links=links)
    second = machines(shuffled, delivered=delivered, links=links)
    assert sorted(zip(visits, first, strict=True)) == sorted(zip(shuffled, second, strict=True))


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))",
        "Mozilla/5.0",
        "python-requests/2.32",
        "curl/8.5.0",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Slackbot-LinkExpanding 1.0",
        "Microsoft Office Existence Discovery",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0",
    ],
)
def test_scanners_are_known_by_their_names(agent: str) -> None:
    assert is_scanner(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 40) AppleWebKit/537.36 Chrome/131.0 Mobile",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36",
    ],
)
def test_peoples_programs_and_proxies_are_no_scanners(agent: str) -> None:
    assert not is_scanner(agent)


def test_the_links_of_a_mail_are_those_that_all_readers_share() -> None:
    source = (
        '<a href="https://a.example/?x=1&amp;y=2">one</a> <A class="b" HREF=\'https://b.example/\'>'
        '<a href="%%unsubscribe_url%%">out</a> <a href="https://c.example/%%token%%">c</a>'
        '<a href="mailto:x@example.org">mail</a> <img src="https://d.example/">'
    )
    assert addresses(source) == {"https://a.example/?x=1&y=2", "https://b.example/"}
