import datetime as dt
from pathlib import Path

import pytest

from publisher.content.article import Kind
from publisher.content.issue import IssueFile, read_issue_file
from publisher.errors import ConfigError

WHOLE = """
number = 12
date = 2026-11-20
subject = "The pyramids"
preheader = "and more"

[cover]
story = "pyramids"
title = "How they learned to stand"
picture = "pictures/giza.jpg"
alt = "A pyramid"
credit = "Gary Todd, CC0"
focus = [0.5, 0]
lines = [{ text = "Salt", story = "salt" }]

[letter]
byline = "The editors"
text = "Dear readers"

[[slots]]
article = "pyramids"

[[slots]]
briefs = ["salt", "dates"]

[articles.salt]
headline = "White gold"
kind = "brief"
cut = ["The second"]
"""


def read(folder: Path, text: str) -> IssueFile:
    (folder / "issue.toml").write_text(text, encoding="utf-8")
    return read_issue_file(folder)


def test_a_folder_without_a_file_has_no_choices_made(tmp_path: Path) -> None:
    assert read_issue_file(tmp_path) == IssueFile()


def test_every_choice_of_the_editor_is_read(tmp_path: Path) -> None:
    issue = read(tmp_path, WHOLE)
    assert (issue.number, issue.date) == (12, dt.date(2026, 11, 20))
    assert issue.cover.focus == (0.5, 0.0)
    assert issue.cover.lines[0].story == "salt"
    assert issue.letter
    assert issue.letter.text == "Dear readers"
    assert [slot.article for slot in issue.slots] == ["pyramids", ""]
    assert issue.slots[1].briefs == ("salt", "dates")
    assert issue.articles["salt"].kind is Kind.BRIEF


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("number = 0", "number must be 1 or more"),
        ('number = "12"', "number = '12' is not allowed: use a whole number"),
        ("nubmer = 1", "unknown key nubmer: did you mean number"),
        ("date = 2026-11-20T06:00:00Z", "is not allowed: use a date such as 2026-11-20"),
        ("[cover]\nfocus = [0.5, 1.2]", "cover: focus must be two numbers from 0 to 1"),
        ("[cover]\nfocus = [0.5]", "use a list of 2"),
        ("[cover]\nfocus = [nan, 0.5]", "focus must be two numbers from 0 to 1"),
        ('[cover]\npicture = "../../secret.jpg"', "picture must lie below the issue's folder"),
        ('[cover]\npicture = "/etc/passwd"', "picture must lie below the issue's folder"),
        ('[cover]\ndesign = "round"', 'design = "round": use one of full, framed, type'),
        ("[cover]\nlines = [" + '{text = "x"},' * 5 + "]", "at most four coverlines"),
        ("[letter]\nbyline = 'me'", "letter.text is missing"),
        ("[[slots]]", "a slot holds either article"),
        ('[[slots]]\narticle = "a"\nbriefs = ["b"]', "a slot holds either article"),
        ('[articles.salt]\nkind = "poem"', "use one of feature, news, brief"),
        ("[articles]\nsalt = 1", "articles.salt must be a table"),
        ("number = ", "is not valid TOML"),
    ],
)
def test_a_wrong_choice_is_refused_in_one_sentence_that_names_the_file(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, text)
    assert "issue.toml" in str(refusal.value)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
