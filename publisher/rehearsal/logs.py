"""The query language of the Email Logs API (POST /v3/logs).

https://www.twilio.com/docs/sendgrid/api-reference/email-logs/filter-all-messages
"""

import re
from dataclasses import dataclass
from datetime import datetime

_OPERATORS = {
    "sg_message_id": ("=",),
    "subject": ("=",),
    "to_email": ("=",),
    "status": ("IN",),
    "reason": ("=",),
    "categories": ("IN",),
    "sg_message_id_created_at": (">", "<", ">=", "<="),
}
_TEXT = r"""(?:'[^']*'|"[^"]*")"""
_CONDITION = re.compile(
    rf"\s*(\w+)\s*(>=|<=|=|>|<|\bIN\b)\s*({_TEXT}|TIMESTAMP\s+{_TEXT}|\({_TEXT}(?:\s*,\s*{_TEXT})*\))"
    r"\s*(\bAND\b|$)",
    re.IGNORECASE,
)
_MOST = 160  #: conditions in one query


@dataclass(frozen=True)
class Condition:
    """One condition: a field, an operator and its values, moments in Unix seconds."""

    field: str
    operator: str
    values: tuple[str | float, ...]


def parse(query: str) -> tuple[Condition, ...]:
    """Read a query; conditions joined by AND, no nesting. Raises `ValueError`."""
    found: list[Condition] = []
    position, more = 0, bool(query.strip())
    while more:
        match = _CONDITION.match(query, position)
        if not match:
            raise ValueError(f"invalid query at position {position}")
        name, operator, value, joint = match.groups()
        found.append(_condition(name.lower(), operator.upper(), value))
        position, more = match.end(), bool(joint)
    if len(found) > _MOST:
        raise ValueError(f"more than {_MOST} conditions")
    return tuple(found)


def _condition(name: str, operator: str, value: str) -> Condition:
    if operator not in _OPERATORS.get(name, ()):
        raise ValueError(f"invalid query: {name} {operator} is not supported")
    texts = [text[1:-1] for text in re.findall(_TEXT, value)]
    timed = value.upper().startswith("TIMESTAMP")
    if timed != (name == "sg_message_id_created_at") or value.startswith("(") != (operator == "IN"):
        raise ValueError(f"invalid query: {name} does not take {value}")
    if not timed:
        return Condition(name, operator, tuple(texts))
    return Condition(name, operator, (datetime.fromisoformat(texts[0]).timestamp(),))
