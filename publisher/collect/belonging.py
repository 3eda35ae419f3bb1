"""Which issue an article belongs to, decided from its dates alone."""

from datetime import datetime, timedelta, tzinfo
from enum import Enum

from publisher.content.article import Article

#: how old an article of a feed may be that turns up after its week has closed
LATE = timedelta(days=7)


class Verdict(Enum):
    """What to do with an article that is in no issue yet."""

    TAKE = "take"
    WAIT = "wait"
    TOO_OLD = "too old"


def judge(
    article: Article,
    *,
    start: datetime,
    end: datetime,
    send: datetime,
    keeps_everything: bool,
    late: bool,
) -> tuple[Verdict, str]:
    """Decide for the week whose issue holds [start, end) and is sent at `send`; say why.

    An article without a date is taken. One from before the week is a late arrival: taken
    from a folder at any age, from a feed only if `late` (the feed was read for an earlier
    week, so it would have been seen) and not older than `LATE`. An embargo that ends
    after the sending makes it wait for a later issue. All moments are aware;
    reasons name them in the zone of `start`.
    """
    zone = start.tzinfo
    if article.embargo and article.embargo > send:
        return Verdict.WAIT, f"embargoed until {_day(article.embargo, zone)}"
    if article.published is None:
        return Verdict.TAKE, "undated"
    if article.published >= end:
        return Verdict.WAIT, f"published {_day(article.published, zone)}, after this week closes"
    if article.published >= start:
        return Verdict.TAKE, ""
    if keeps_everything or (late and start - article.published <= LATE):
        return (
            Verdict.TAKE,
            f"published {_day(article.published, zone)}, before this week, but never used",
        )
    return Verdict.TOO_OLD, ""


def _day(moment: datetime, zone: tzinfo | None) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
