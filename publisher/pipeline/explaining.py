"""Explain an issue: why each article has its place, and how it was fitted to its pages."""

from dataclasses import dataclass

from publisher.pipeline.desk import Desk
from publisher.pipeline.making import draw_up
from publisher.problems import Problem
from publisher.week import Week

#: editions that show how the magazine was fitted
_PAGED = frozenset({"magazine", "letter", "print"})


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What can be told of one article."""

    article: str  #: slug
    title: str
    section: str
    kind: str
    words: int
    why: str  #: kind, section and place
    page: int | None  #: where it begins; None where no magazine is made
    pages: int
    fitted: tuple[str, ...]  #: how it was fitted, and what an editor could do


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What can be told of an issue."""

    articles: tuple[Explanation, ...]  #: in running order
    absent: dict[str, str]  #: slug -> why it is not in the issue
    problems: tuple[Problem, ...]


def explain_week(desk: Desk, week: Week) -> Explained:
    """Explain a week's issue as its folder is now; no file of an edition is written.

    The pages are laid out, but those that lie in the cache from a build before.
    """
    # what draws PDFs takes long to import, and other commands need not wait for it
    from publisher.render.magazine import fitted

    composed = draw_up(desk, week)
    issue, publication = composed.issue, desk.publication
    paged = _PAGED & set(issue.editions or publication.editions.make)
    pages = fitted(issue, publication) if paged else {}
    sections = {
        article.slug: slot.section.name for slot in issue.slots for article in slot.articles
    }
    kinds = {
        article.slug: "cover story" if slot.cover_story else str(slot.kind)
        for slot in issue.slots
        for article in slot.articles
    }
    told = []
    for article in issue.articles:
        found = pages.get(article.slug)
        told.append(
            Explanation(
                article=article.slug,
                title=article.title,
                section=sections.get(article.slug, ""),
                kind=kinds.get(article.slug, "letter"),
                words=article.words,
                why=issue.notes.get(article.slug, ""),
                page=found.page if found else None,
                pages=found.pages if found else 0,
                fitted=found.said if found else (),
            )
        )
    printed = {article.slug for article in issue.articles}
    return Explained(
        articles=tuple(told),
        absent={slug: why for slug, why in sorted(issue.notes.items()) if slug not in printed},
        problems=composed.problems,
    )
