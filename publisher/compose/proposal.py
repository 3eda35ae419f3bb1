"""Issue -> issue.toml: a proposal an editor can read, learn from and change."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Item, Table

from publisher.content.article import Kind
from publisher.content.issue import Issue

_HEAD = (
    "The editor's choices for this issue. Everything here wins over what the composer",
    "would choose; delete a line and the composer chooses again.",
)
_MORE = ("`publisher compose --write` adds the proposed cover and running order to this file.",)
_HELP = {
    "number": "Number of the issue, printed on the cover.",
    "date": "Date on the cover; the day of sending if left out.",
    "subject": "Subject of the e-mail.",
    "preheader": "First line that inboxes show beside the subject.",
    "cover": "The front page.",
    "cover.story": "The cover story: an article's file name without .md.",
    "cover.title": "Main line.",
    "cover.kicker": "Small line above the main line.",
    "cover.standfirst": "Line under the main line.",
    "cover.picture": "A file in this issue's pictures/ folder.",
    "cover.alt": "What the picture shows, for those who cannot see it.",
    "cover.credit": "Who made the picture, and its licence.",
    "cover.focus": "The point that must stay visible: fractions from left and top.",
    "cover.design": "full, framed or type; chosen from the picture if left out.",
    "cover.lines": "Coverlines, at most four: the text, and the article it points to.",
    "slots": "Running order; articles named nowhere follow after it in automatic order.",
}
_TAIL = '''
# The editor's letter, if no article of kind "letter" is there:
#
# [letter]
# title = "Dear reader"
# byline = "The editor"
# text = """
# Written in Markdown.
# """

# What the magazine prints instead of what an article says; its file stays as it is:
#
# [articles."{slug}"]
# headline = "Another headline"
# standfirst = "Another standfirst"
# kicker = "Another kicker"
# section = "{section}"
# kind = "{kind}"  # {kinds}
# layout = "tall"  # a variant of its layout; `publisher check` lists those that are possible
# cut = ["First words of a paragraph"]  # leaves that paragraph out
# leave_out = true  # leaves the whole article out
'''


def first_issue_file(issue: Issue) -> str:
    """Return an issue.toml with number and date alone, and comments that teach the rest."""
    document = _headed(*_HEAD, *_MORE)
    for name in ("number", "date"):
        _add(document, name, getattr(issue, name), name)
    return tomlkit.dumps(document) + _tail(issue)


def propose(issue: Issue) -> str:
    """Return the text of an issue.toml that freezes this issue as it was composed."""
    document = _headed(*_HEAD)
    _add_missing(document, issue)
    return tomlkit.dumps(document) + _tail(issue)


def merge_issue_file(existing: str, issue: Issue) -> str:
    """Add to the text of an issue.toml the keys it lacks; what stands in it stays as it is.

    A running order or list of coverlines the editor wrote is a choice as a whole and is
    not added to. The text must be valid TOML, as `read_issue_file` has made sure.
    """
    if not existing.strip():
        return propose(issue)
    document = tomlkit.parse(existing)
    # a comment that stands last in it says nothing about the key that is added after it
    _add_missing(document, issue, "\n")
    return tomlkit.dumps(document)


def _headed(*lines: str) -> TOMLDocument:
    document = tomlkit.document()
    for line in lines:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    return document


def _tail(issue: Issue) -> str:
    slot = issue.slots[0]
    return _TAIL.format(
        slug=slot.article.slug,
        section=slot.section.name.replace('"', "'"),
        kind=slot.kind,
        kinds=", ".join(Kind),
    )


def _add_missing(document: TOMLDocument, issue: Issue, before: str = "") -> None:
    for name, value in _top(issue):
        if name not in document:
            _add(document, name, value, name, before)
            before = ""
    cover = document.get("cover", tomlkit.table())
    if isinstance(cover, Table):
        for name, value in _cover(issue):
            if name not in cover:
                _add(cover, name, value, f"cover.{name}")
        if issue.cover.lines and "lines" not in cover:
            cover["lines"] = _tables("cover.lines", _lines(issue))
    if "cover" not in document:
        _explain(cover, "cover", "\n")
        document.add("cover", cover)
    if "slots" not in document:
        document["slots"] = _tables("slots", _slots(issue))


def _top(issue: Issue) -> Iterator[tuple[str, Any]]:
    yield "number", issue.number
    yield "date", issue.date
    yield "subject", issue.subject
    if issue.preheader:
        yield "preheader", issue.preheader


def _cover(issue: Issue) -> Iterator[tuple[str, Any]]:
    cover = issue.cover
    texts = {
        "story": cover.story,
        "title": cover.title,
        "kicker": cover.kicker,
        "standfirst": cover.standfirst,
    }
    if cover.picture:
        texts |= {
            "picture": cover.picture.path,
            "alt": cover.picture.alt,
            "credit": cover.picture.credit,
        }
    yield from ((name, text) for name, text in texts.items() if text)
    if cover.picture:
        yield "focus", list(cover.picture.focus)
    if cover.design:
        yield "design", cover.design


def _lines(issue: Issue) -> Iterator[dict[str, Any]]:
    for line in issue.cover.lines:
        yield {"text": line.text, "story": line.story} if line.story else {"text": line.text}


def _slots(issue: Issue) -> Iterator[dict[str, Any]]:
    for slot in issue.slots:
        if slot.kind is Kind.BRIEF:
            yield {"briefs": [article.slug for article in slot.articles]}
        else:
            yield {"article": slot.article.slug}


def _add(
    container: TOMLDocument | Table, name: str, value: Any, path: str, before: str = ""
) -> None:
    item = tomlkit.item(value)
    _explain(item, path, before)
    container.add(name, item)


def _tables(path: str, rows: Iterable[Mapping[str, Any]]) -> AoT:
    tables = tomlkit.aot()
    for row in rows:
        table = tomlkit.table()
        for name, value in row.items():
            table.add(name, value)
        # set last: a table hands its indent on to the keys that are added to it
        table.trivia.indent = "\n"
        tables.append(table)
    _explain(tables[0], path, "\n")
    return tables


def _explain(item: Item, path: str, before: str = "") -> None:
    # a comment of its own would not move with its key: tomlkit puts keys before all tables
    item.trivia.indent = f"{before}# {_HELP[path]}\n"
