"""Preflight: what an editor must mend before an issue goes out.

Each check is a small pure function that yields problems of its name in `[preflight]`;
how bad they count is decided afterwards, by `publisher.checks.judge`.
"""

from collections.abc import Iterator, Sequence

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.preflight.files import file_problems
from publisher.render.preflight.looks import contrast_problems, empty_sections
from publisher.render.preflight.texts import alt_repeats, cover_problems, protected, text_problems
from publisher.render.preflight.twins import repeated_pictures, twin_problems

__all__ = ["issue_problems", "text_problems"]


def issue_problems(
    issue: Issue, publication: Publication, rendered: Sequence[Rendered] = ()
) -> Iterator[Problem]:
    """Yield what is wrong with an issue's texts, pictures, colours and files.

    What is found while an edition is laid out, its maker reports itself.
    """
    longest = publication.preflight.most_headline
    yield from text_problems(issue.articles, longest=longest)
    yield from cover_problems(issue)
    yield from protected(issue.articles)
    yield from alt_repeats(issue.articles)
    yield from twin_problems(issue.articles)
    yield from repeated_pictures(issue.articles, issue.folder)
    yield from contrast_problems(issue)
    yield from empty_sections(issue, publication)
    yield from file_problems(rendered, publication.preflight)
