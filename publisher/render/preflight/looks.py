"""What the issue looks like before a page is set: its colours, its sections."""

from collections.abc import Iterator

from publisher.config import Publication, Section
from publisher.content.issue import Issue
from publisher.problems import Problem
from publisher.render.colour import LIGHT, READABLE, contrast, legible


def contrast_problems(issue: Issue) -> Iterator[Problem]:
    """Yield the sections of the issue whose colour nobody could read on white paper."""
    sections = {slot.section.name: slot.section for slot in issue.slots}
    for section in sections.values():
        yield from _pale(section)


def _pale(section: Section) -> Iterator[Problem]:
    ratio = contrast(section.colour, LIGHT)
    if ratio < READABLE:
        darker = legible(section.colour, LIGHT)
        yield Problem(
            message=f"the colour {section.colour} of {section.name} has a contrast of {ratio:.1f}"
            f" on paper, {READABLE} is needed, so it is printed darker: make it {darker} or choose"
            " a darker one in publication.toml",
            check="contrast",
        )


def empty_sections(issue: Issue, publication: Publication) -> Iterator[Problem]:
    """Yield the sections that no article of the week stands in."""
    filled = {slot.section.name.casefold() for slot in issue.slots}
    filled |= {article.section.casefold() for article in issue.articles}
    for section in publication.sections:
        if section.name.casefold() not in filled:
            yield Problem(
                message=f"{section.name} has no article this week: its readers will miss it",
                check="empty_section",
            )
