"""Colours that cannot be read, sections without a story, files too heavy to load."""

from dataclasses import replace
from pathlib import Path

import pytest

from publisher.checks import Preflight
from publisher.config import Publication, Section
from publisher.problems import Severity
from publisher.render import Rendered
from publisher.render.colour import LIGHT, contrast
from publisher.render.preflight.files import file_problems
from publisher.render.preflight.looks import contrast_problems, empty_sections
from tests.render.issues import article, issue, slot


def test_a_pale_section_is_named_with_a_colour_that_can_be_read(publication: Publication) -> None:
    pale = replace(publication, sections=(Section(name="Food", colour="#f0c040"),))
    made = issue(pale, [slot(pale, article("a", "A", section="Food"))])
    (problem,) = contrast_problems(made)
    assert problem.severity is Severity.WARNING
    advised = problem.message.split("make it ")[1][:7]
    assert contrast(advised, LIGHT) >= 4.5


def test_the_demos_colours_can_be_read(demo: Publication) -> None:
    slots = [slot(demo, article(s.name, s.name, section=s.name)) for s in demo.sections]
    assert not list(contrast_problems(issue(demo, slots)))


def test_a_section_without_a_story_is_told_whatever_its_case(publication: Publication) -> None:
    made = issue(publication, [slot(publication, article("a", "A", section="food"))])
    empty = [problem.message.split(" has")[0] for problem in empty_sections(made, publication)]
    assert "Science" in empty
    assert "Food" not in empty


@pytest.mark.parametrize(
    ("edition", "size", "check"),
    [
        ("magazine", 4_900_000, None),
        ("magazine", 5_100_000, "file_size"),
        ("letter", 5_100_000, "file_size"),
        ("phone", 3_100_000, "file_size"),
        ("magazine", 10_100_000, "file_limit"),
        ("epub", 9_000_000, None),
        ("epub", 11_000_000, "file_limit"),
        ("print", 90_000_000, None),
        ("email", 101_000, None),
        ("email", 103_000, "file_size"),
    ],
)
def test_each_edition_has_its_budget(
    tmp_path: Path, edition: str, size: int, check: str | None
) -> None:
    file = tmp_path / "file"
    with file.open("wb") as opened:
        opened.truncate(size)
    made = Rendered(edition=edition, files=(file,))
    found = list(file_problems([made], Preflight()))
    assert [problem.check for problem in found] == ([check] if check else [])
    assert all(problem.severity is Severity.ERROR for problem in found)
