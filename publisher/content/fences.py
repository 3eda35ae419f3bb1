"""Look over the `///` blocks of a text before Markdown sees them.

pymdown-extensions prints a block it does not know, or whose options it cannot read, as
text with its slashes. Here such blocks lose their fences, not their text, and the
editor is told; options come out parsed and checked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

_START = re.compile(r"^ {0,3}(?P<slashes>/{3,}) *(?P<name>[\w-]+) *(?:\| *(?P<title>.*?) *)?$")
_END = re.compile(r"^ {0,3}(?P<slashes>/{3,}) *$")
_OPTION = re.compile(r"^ {4,}\S")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a block may carry."""

    options: Mapping[str, str] = field(default_factory=dict)  #: name -> what is allowed
    check: Callable[[str, Any], Any] | None = None  #: value as used; ValueError if it is not one
    title: bool | None = None  #: needed, forbidden (False), or as one likes (None)


class _Plain(yaml.SafeLoader):
    """YAML without aliases, with which a few lines can hold gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


@dataclass
class Tidy:
    """A text whose blocks Markdown will take, and what had to be said about them."""

    lines: list[str]
    complaints: list[str]
    options: list[dict[str, Any]]  #: of each block, in the order of their `n:` options


def tidy(lines: list[str], kinds: Mapping[str, Kind]) -> Tidy:
    """Check every block; each one kept refers to its checked options by number.

    A block that is unknown or never closed is unwrapped: its text stays.
    """
    result = Tidy([], [], [])
    _tidy(lines, kinds, result)
    return result


def _tidy(lines: list[str], kinds: Mapping[str, Kind], result: Tidy) -> None:
    place = 0
    while place < len(lines):
        start = _START.match(lines[place])
        if not start:
            if _END.match(lines[place]):
                result.complaints.append(
                    f"{lines[place].strip()} closes no block: remove it, or mend the one above it"
                )
            else:
                result.lines.append(lines[place])
            place += 1
            continue
        header = place + 1
        while header < len(lines) and _OPTION.match(lines[header]):
            header += 1
        end = _end(lines, header, len(start["slashes"]))
        name = start["name"].lower()
        body = lines[header : end or header]
        if end is None:
            result.complaints.append(
                f"/// {name} is never closed: write /// on a line of its own after its text"
            )
        elif name not in kinds:
            result.complaints.append(
                f"there is no block /// {name}: use one of {', '.join(sorted(kinds))}"
            )
            body = lines[place + 1 : end]
            result.lines += [start["title"] or "", ""]
            _tidy([re.sub(r"^ {4,}", "", line) for line in body], kinds, result)
        else:
            _keep(start, lines[place + 1 : header], body, kinds[name], result, kinds)
        if end is None:
            result.lines += [start["title"] or "", ""]
            place = header
        else:
            place = end + 1


def _end(lines: list[str], place: int, slashes: int) -> int | None:
    """Return the line that closes a block; one that begins first with as many slashes does not."""
    for number in range(place, len(lines)):
        end = _END.match(lines[number])
        if end and len(end["slashes"]) == slashes:
            return number
        start = _START.match(lines[number])
        if start and len(start["slashes"]) == slashes:
            return None
    return None


def _keep(
    start: re.Match[str],
    header: list[str],
    body: list[str],
    kind: Kind,
    result: Tidy,
    kinds: Mapping[str, Kind],
) -> None:
    name, title = start["name"].lower(), start["title"] or ""
    if kind.title and not title:
        result.complaints.append(f"/// {name} has no title: write /// {name} | Title")
    if kind.title is False and title:
        result.complaints.append(f'/// {name} takes no title: "{title}" is left out')
        title = ""
    if header and not kind.options:
        result.complaints.append(f"/// {name} has no options: leave a blank line before its text")
        body, header = [line.strip() for line in header] + body, []
    result.options.append(_options(name, header, kind, result.complaints))
    opening = f"{start['slashes']} {name}" + (f" | {title}" if title else "")
    result.lines += ["", opening, f"    n: {len(result.options) - 1}", ""]
    if kind.options:  # its text is data, not Markdown: nothing inside it is a block
        result.lines += body
    else:
        _tidy(body, kinds, result)
    result.lines += ["", start["slashes"], ""]


def _options(name: str, header: list[str], kind: Kind, complaints: list[str]) -> dict[str, Any]:
    if not header:
        return {}
    try:
        found = yaml.load("\n".join(header), Loader=_Plain)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        complaints.append(
            f"the options of /// {name} cannot be read: write each as name: value,"
            " with values that hold a colon in quotes"
        )
        return {}
    options = {}
    for key, value in found.items():
        allowed = kind.options.get(str(key))
        if allowed is None or kind.check is None:
            has = ", ".join(kind.options) or "none"
            complaints.append(f'/// {name} has no option "{str(key)[:40]}": it has {has}')
            continue
        try:
            options[str(key)] = kind.check(str(key), value)
        except ValueError:
            complaints.append(f"/// {name}: {key} is not as it must be: write {allowed}")
    return options
