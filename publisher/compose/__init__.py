"""Articles -> Issue. Pure: the same articles and choices always give the same issue."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from publisher.compose.choose import Chosen, choose
from publisher.compose.cover import Sizes, make_cover
from publisher.compose.headlines import short_standfirst
from publisher.compose.order import arrange
from publisher.compose.proposal import first_issue_file, merge_issue_file, propose
from publisher.config import Publication
from publisher.content.article import Article
from publisher.content.issue import Cover, Issue, IssueFile
from publisher.errors import EmptyIssue
from publisher.problems import Problem
from publisher.week import Week

THIN_ARTICLES = 6  #: fewer pieces make a thin issue
THIN_WORDS = 2_500
PREHEADER = 110  #: characters an inbox shows beside a short subject

__all__ = ["Composed", "compose", "first_issue_file", "merge_issue_file", "propose"]


@dataclass(frozen=True, kw_only=True)
class Composed:
    """An issue, and what its editor should know about it."""

    issue: Issue
    problems: tuple[Problem, ...] = ()


def compose(
    week: Week,
    articles: Iterable[Article],
    choices: IssueFile,
    publication: Publication,
    *,
    number: int,
    folder: Path,
    sizes: Sizes | None = None,
) -> Composed:
    """Make an issue of a week's articles; the editor's choices win over ours.

    `number` counts if the editor gave none. `sizes` are the pixels (width, height) of
    pictures by path: one too small for a full page is not proposed for the cover.
    Slugs must be unique. Raises `EmptyIssue` if nothing is left to print.
    """
    send = publication.schedule.send
    day = choices.date or send.in_week(week, publication.timezone).date()
    sending = dt.datetime.combine(day, send.time, publication.timezone)
    chosen = choose(articles, choices, publication, sending)
    if not chosen.pieces:
        raise EmptyIssue(week)
    page = make_cover(chosen, choices.cover, publication, sizes or {})
    slots, placing, problems = arrange(chosen, choices.slots, page.cover.story)
    issue_number = choices.number or number
    issue = Issue(
        week=week,
        number=issue_number,
        date=day,
        folder=folder,
        cover=page.cover,
        slots=slots,
        letter=chosen.letter,
        subject=choices.subject or _subject(publication, issue_number, page.cover),
        preheader=choices.preheader or short_standfirst(page.cover.standfirst, PREHEADER),
        notes=_notes(chosen, page.notes, placing),
        editions=choices.editions,
        preflight=choices.preflight,
    )
    return Composed(
        issue=issue,
        problems=(*chosen.problems, *page.problems, *problems, *_thin(chosen)),
    )


def _subject(publication: Publication, number: int, cover: Cover) -> str:
    return f"{publication.title} {number}: {cover.title}"


def _thin(chosen: Chosen) -> Iterable[Problem]:
    count = len(chosen.pieces)
    words = sum(piece.words for piece in chosen.pieces)
    if count < THIN_ARTICLES or words < THIN_WORDS:
        pieces = "1 article" if count == 1 else f"{count} articles"
        yield Problem(
            message=f"a thin week: {pieces} with {words:,} words; a magazine wants"
            f" at least {THIN_ARTICLES} and {THIN_WORDS:,} words"
        )


def _notes(chosen: Chosen, *more: Mapping[str, str]) -> dict[str, str]:
    """Join what each step said about an article, by slug."""
    reasons = {piece.slug: [piece.why] for piece in chosen.pieces}
    for notes in (chosen.notes, *more):
        for slug, note in notes.items():
            reasons.setdefault(slug, []).append(note)
    return {slug: "; ".join(reasons[slug]) for slug in sorted(reasons)}
