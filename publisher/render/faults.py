"""Faults of the setting as problems an editor can mend."""

from collections.abc import Iterable, Iterator

from publisher.problems import Problem, Severity, Spot
from publisher.render.spots import Fault

_SAID = {
    "widow": "the last line of a paragraph stands alone at the head of a column",
    "orphan": "the first line of a paragraph stands alone at the foot of a column",
    "stranded": "a heading stands apart from its text",
    "wide": "the text is wider than its place",
    "off-page": "the text runs off the page",
}
_CHECKS = {
    "widow": "widows",
    "orphan": "widows",
    "stranded": "stranded",
    "wide": "wide",
    "off-page": "overset",
}
_SERIOUS = frozenset({"off-page"})


def problems_of(faults: Iterable[Fault], article: str) -> Iterator[Problem]:
    """Yield a problem for each fault; pages count within the article's own."""
    for fault in faults:
        text = f" (“{fault.text}”)" if fault.text else ""
        yield Problem(
            message=f"{_SAID[fault.kind]}{text}: change a few words",
            severity=Severity.ERROR if fault.kind in _SERIOUS else Severity.WARNING,
            article=article,
            page=fault.page,
            check=_CHECKS[fault.kind],
            spot=Spot(
                edition="magazine",
                page=fault.page,
                x=fault.x,
                y=fault.y,
                width=fault.width,
                height=fault.height,
            ),
        )
