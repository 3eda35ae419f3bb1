"""Proof: who got an issue, what became of it, and what was read."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from publisher.content.articles import read_articles
from publisher.content.issue import IssueFile, read_issue_file
from publisher.deliver.certificate import NAMED, Certificate, counts_of, draw_up
from publisher.deliver.figures import Figures, Followed, figures_of
from publisher.deliver.mailing import Mailing, find_mailing
from publisher.deliver.providers import advice, complaint_level, complaint_sentence
from publisher.deliver.standing import Counts
from publisher.errors import NotApproved, PublisherError
from publisher.pipeline import record as records
from publisher.pipeline.desk import Desk
from publisher.storage.engine import reading, snapshot
from publisher.storage.schema import mailings
from publisher.week import Week

#: more names than these stand in the CSV alone
NAMES_IN_JSON = 100_000


class NothingSent(PublisherError):
    """There is nothing to prove yet."""

    exit_code = 3

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} has been sent yet: approve it, and send it with `publisher send`")


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article of the issue and how many readers followed its links."""

    slug: str
    title: str
    section: str
    language: str  #: of its title
    readers: int
    machines: int  #: readers for whom only a scanner did


@dataclass(frozen=True, kw_only=True)
class Proof:
    """All that can be said of an issue's way to its readers."""

    week: Week
    number: int | None
    made_at: datetime
    certificate: Certificate
    figures: Figures
    stories: tuple[Story, ...]  #: the most read first
    links: tuple[Followed, ...]  #: what else was followed


def sent_mailing(desk: Desk, week: Week | None) -> Mailing:
    """Return the mailing of a week, or of the latest issue that has begun to go out.

    Raises `NothingSent`, `NotApproved` or `NoSuchIssue`.
    """
    list_name = desk.publication.delivery.list_name
    if week is None:
        week = _latest(desk, list_name)
    if week is None:
        raise NothingSent(f"no issue for {list_name}")
    found = find_mailing(desk.engine, week=week, list_name=list_name)
    if found is None:
        raise NotApproved(week, records.get(desk.engine, week).state)
    if found.state == "planned":
        raise NothingSent(f"no mail of {week}")
    return found


def standing(desk: Desk) -> tuple[Week, Counts] | None:
    """Return the latest issue that has begun to go out and where its readers stand."""
    week = _latest(desk, desk.publication.delivery.list_name)
    if week is None:
        return None
    return week, counts_of(desk.engine, sent_mailing(desk, week))


def prove(desk: Desk, week: Week | None = None, *, named: int = NAMED) -> Proof:
    """Draw up the certificate and count what became of the mails, all at one moment.

    Without a week, of the latest issue sent. At most `named` readers are named.
    """
    mailing = sent_mailing(desk, week)
    with snapshot(desk.engine) as connection:
        certificate = draw_up(connection, mailing, named=named)
        figures = figures_of(connection, mailing.id)
    when = Week.parse(mailing.week)
    stories = _stories(desk, when, figures)
    slugs = {story.slug for story in stories}
    record = records.find(desk.engine, when)
    return Proof(
        week=when,
        number=record.number if record else None,
        made_at=desk.clock(),
        certificate=certificate,
        figures=figures,
        stories=stories,
        links=tuple(link for link in figures.links if link.link not in slugs),
    )


def as_data(proof: Proof) -> dict[str, Any]:
    """Return a proof as plain data for scripts; every rate comes with what it is of."""
    figures, tally, acts = proof.figures, proof.figures.tally, proof.figures.acts
    delivered = tally.delivered
    return {
        "week": str(proof.week),
        "number": proof.number,
        "made_at": proof.made_at,
        "certificate": {
            **{
                name: getattr(proof.certificate, name)
                for name in proof.certificate.__dataclass_fields__
            },
            "complete": proof.certificate.complete,
        },
        "heard": figures.heard,
        "mails": asdict(tally),
        "readers": asdict(acts),
        "rates": {
            "delivered": _rate(delivered, tally.accepted, "accepted"),
            "failed": _rate(
                tally.bounced + tally.blocked + tally.dropped, tally.accepted, "accepted"
            ),
            "opened": _rate(acts.opened, delivered, "delivered"),
            "clicked": _rate(acts.clicked, delivered, "delivered"),
            "complained": _rate(acts.complained, delivered, "delivered"),
            "unsubscribed": _rate(acts.unsubscribed, delivered, "delivered"),
        },
        "complaints": {
            "level": complaint_level(acts.complained, delivered),
            "advice": complaint_sentence(acts.complained, delivered),
        },
        "began": figures.began,
        "hours": figures.hours,
        "later": figures.later,
        "stories": proof.stories,
        "links": proof.links,
        "providers": [
            {**asdict(provider), "mails": provider.mails, "advice": advice(provider)}
            for provider in figures.providers
        ],
    }


def _rate(readers: int, out_of: int, of: str) -> dict[str, Any]:
    return {
        "readers": readers,
        "of": of,
        "out_of": out_of,
        "rate": round(readers / out_of, 6) if out_of else None,
    }


def _latest(desk: Desk, list_name: str) -> Week | None:
    query = (
        select(mailings.c.week)
        .where(mailings.c.list == list_name, mailings.c.state != "planned")
        .order_by(mailings.c.week.desc())
        .limit(1)
    )
    with reading(desk.engine) as connection:
        week = connection.scalar(query)
    return Week.parse(week) if week else None


def _stories(desk: Desk, week: Week, figures: Figures) -> tuple[Story, ...]:
    """Return the issue's articles; on a machine without its files, none."""
    folder, publication = desk.folder(week), desk.publication
    followed: Mapping[str, Followed] = {link.link: link for link in figures.links}
    articles, _ = read_articles(folder, publication.timezone)
    choices = IssueFile()
    with suppress(PublisherError):  # it may be in the middle of being edited
        choices = read_issue_file(folder)
    stories = []
    for article in articles:
        override = choices.articles.get(article.slug)
        if override and override.leave_out:
            continue
        link = followed.get(article.slug)
        stories.append(
            Story(
                slug=article.slug,
                title=(override and override.headline) or article.title,
                section=(override and override.section) or article.section,
                language=article.language or publication.language,
                readers=link.readers if link else 0,
                machines=link.machines if link else 0,
            )
        )
    return tuple(sorted(stories, key=lambda story: (-story.readers, story.title)))
