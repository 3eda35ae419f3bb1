"""The proof sheet: one page of HTML that shows every problem at its place."""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.checks import CHECKS, Level
from publisher.content.article import Article
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.message import publication_of
from publisher.render.preflight.places import paged
from publisher.render.preflight.thumbs import Thumbs
from publisher.render.templates import direction, render

MOST_THUMBS = 300  #: a page with more would be too heavy to open


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A problem as the sheet shows it."""

    problem: Problem
    picture: str  #: data: address of the place's picture; "" without one
    whole: bool  #: the picture is of a whole page
    pdf: str  #: where its page opens, relative to the sheet; "" without pages


@dataclass(frozen=True, kw_only=True)
class Group:
    """What was found in one article; without an article, in the issue."""

    article: Article | None
    name: str
    direction: str
    page: int | None
    problems: tuple[Shown, ...]


def proof_sheet(
    env: ImmutableSandboxedEnvironment,
    issue: Issue,
    rendered: Sequence[Rendered],
    problems: Sequence[Problem],
    *,
    made_at: datetime,
) -> str:
    """Return the page, with all pictures inside; it lies in build/check/.

    `made_at` is aware and told in the publication's zone.
    """
    publication = publication_of(env)
    levels = publication.preflight.levels | dict(issue.preflight)
    found = {problem.check for problem in problems}
    main = paged(rendered)
    return render(
        env,
        "check/page.html",
        issue=issue,
        groups=_groups(issue, rendered, problems, publication.language),
        errors=sum(problem.severity is Severity.ERROR for problem in problems),
        warnings=sum(problem.severity is Severity.WARNING for problem in problems),
        fine=[c for c in CHECKS if c not in found and levels[c] is not Level.OFF],
        off=[c for c in CHECKS if levels[c] is Level.OFF],
        pages=main.pages if main else 0,
        made_at=made_at.astimezone(publication.timezone),
    )


def _groups(
    issue: Issue, rendered: Sequence[Rendered], problems: Sequence[Problem], language: str
) -> list[Group]:
    """Return the problems by article: those of the issue first, then in the order of pages."""
    by_article: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_article[problem.article].append(problem)
    articles = {article.slug: article for article in issue.articles}
    main = paged(rendered)
    pages = dict(main.anchors) if main else {}
    order = {slug: number for number, slug in enumerate(articles, 1)}
    slugs = sorted(by_article, key=lambda slug: (order.get(slug, 0), slug))
    editions = {edition.edition: edition for edition in rendered}
    left = [MOST_THUMBS]
    with Thumbs() as thumbs:
        return [
            Group(
                article=articles.get(slug),
                name=articles[slug].title if slug in articles else slug or "The issue",
                direction=direction(articles[slug].language or language)
                if slug in articles
                else "ltr",
                page=pages.get(slug),
                problems=tuple(
                    _shown(problem, editions, main, thumbs, left) for problem in by_article[slug]
                ),
            )
            for slug in slugs
        ]


def _shown(
    problem: Problem,
    editions: Mapping[str, Rendered],
    main: Rendered | None,
    thumbs: Thumbs,
    left: list[int],
) -> Shown:
    spot = problem.spot
    edition = editions.get(spot.edition) if spot else main
    if edition is None or problem.page is None:
        return Shown(problem=problem, picture="", whole=False, pdf="")
    file, picture = edition.files[0], None
    if left[0] > 0:
        left[0] -= 1
        picture = thumbs.of(file, problem.page, [spot] if spot else [])
    data = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" if picture else ""
    return Shown(
        problem=problem,
        picture=data,
        whole=spot is None,
        pdf=f"../{file.name}#page={problem.page}",
    )
