"""What a finding means: the publication says it, and an issue for itself."""

from pathlib import Path

import pytest

from publisher.checks import CHECKS, Level, Preflight, judge
from publisher.config import Publication
from publisher.content.issue import IssueFile, read_issue_file
from publisher.errors import ConfigError
from publisher.problems import Problem, Severity
from publisher.tables import read

SOFT = Problem(message="too few pixels", severity=Severity.ERROR, check="ppi", article="rain")


def preflight(**keys: object) -> Preflight:
    return read(Preflight, keys, file="publication.toml", at="preflight")


def test_what_is_off_is_not_told() -> None:
    assert judge([SOFT], preflight(ppi="off")) == ()


def test_a_check_that_only_warns_blocks_nothing() -> None:
    (found,) = judge([SOFT], preflight(ppi="warning"))
    assert found.severity is Severity.WARNING


def test_an_issue_weighs_a_check_otherwise_for_itself() -> None:
    (found,) = judge([SOFT], preflight(ppi="off"), {"ppi": Level.ERROR})
    assert found.severity is Severity.ERROR


def test_a_problem_of_no_check_counts_as_it_was_found() -> None:
    broken = Problem(message="cannot be read", severity=Severity.ERROR)
    assert judge([broken], preflight()) == (broken,)


def test_the_same_problem_is_told_once() -> None:
    assert len(judge([SOFT, SOFT], preflight())) == 1


@pytest.mark.parametrize(
    "check",
    [
        *("missing_picture", "alt_text", "credit", "ppi", "overset", "glyphs", "dead_links"),
        *("duplicates", "embargo", "protected", "leftovers", "file_size"),
    ],
)
def test_what_readers_must_not_get_blocks_unless_the_editor_says_otherwise(check: str) -> None:
    assert Preflight().levels[check] is Level.ERROR


@pytest.mark.parametrize("check", ["widows", "headline", "contrast", "feed_pictures", "last_page"])
def test_what_is_only_unsightly_warns(check: str) -> None:
    assert Preflight().levels[check] is Level.WARNING


def test_an_unknown_check_in_issue_toml_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "issue.toml").write_text('[preflight]\nwidow = "off"\n')
    with pytest.raises(ConfigError, match="no check widow: did you mean widows"):
        read_issue_file(tmp_path)


def test_an_issue_takes_the_levels_it_names(tmp_path: Path) -> None:
    (tmp_path / "issue.toml").write_text('[preflight]\nppi = "warning"\nheadline = "off"\n')
    assert read_issue_file(tmp_path).preflight == {"ppi": Level.WARNING, "headline": Level.OFF}


def test_a_level_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="use one of error, warning, off"):
        preflight(ppi="maybe")


@pytest.mark.parametrize(
    ("name", "value"), [("least_ppi", 5), ("least_full", 120), ("magazine_mb", 0.0)]
)
def test_a_limit_that_means_nothing_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"preflight: {name} must be from"):
        preflight(**{name: value})


def test_the_demo_says_what_is_true_of_its_pictures(demo: Publication) -> None:
    assert demo.preflight.ppi is Level.WARNING
    assert {name for name, level in demo.preflight.levels.items() if level is not Level.ERROR} > {
        "ppi"
    }


def test_every_check_can_be_weighed_by_an_issue() -> None:
    assert IssueFile(preflight=dict.fromkeys(CHECKS, Level.OFF)).preflight.keys() == set(CHECKS)
