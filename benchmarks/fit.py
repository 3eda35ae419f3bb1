"""How full our pages are, beside the same articles flowed naively.

    python -m benchmarks.fit [--articles 24]

The demo issue and three invented ones, whose articles' lengths are drawn from seeded
log-normal distributions, are printed both ways by the same engine, from the same layouts.
Of every page it is told how full it is; not counted are pages designed otherwise: cover,
contents, back page, the letter, photo essays, plates and full-bleed openings. What fills the
foot of a last page counts by the height it is seen to have. The last line is one JSON object;
`pages_under_60` is a share of the pages counted, `mean_end_empty` of a page, `widows` counts
orphans too.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.flowed import Judged, fitted, flowed
from benchmarks.invented import Recipe, gathered, invented
from publisher.config import Publication
from publisher.content.issue import Issue

#: short and alike, long and alike, and of all lengths with few pictures
RECIPES = (
    Recipe(articles=24, pictures=30, median=420, spread=0.3, seed=2),
    Recipe(articles=24, pictures=40, median=1000, spread=0.4, seed=3),
    Recipe(articles=24, pictures=18, median=650, spread=0.8, seed=4),
)
_WIDTH = 110  #: columns of the table

Made = tuple[Publication, Issue]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both ways, judge, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=24, help="of each invented issue")
    parser.add_argument("--no-demo", action="store_true", help="leave the demo issue out")
    parser.add_argument("--pages", action="store_true", help="name every page under 60 %% full")
    options = parser.parse_args(arguments)
    factor = options.articles / 24
    issues: list[tuple[str, Callable[[Path], Made]]] = []
    if not options.no_demo:
        issues.append(("the demo issue", gathered))
    issues += [(_label(recipe), _maker(recipe, factor)) for recipe in RECIPES]
    judged = [(label, *_both(make)) for label, make in issues]
    _show(judged, named=options.pages)
    ours, theirs = [one for _, one, _ in judged], [one for _, _, one in judged]
    print(json.dumps(_figures(ours) | {"naive": _figures(theirs)}))


def _label(recipe: Recipe) -> str:
    return f"about {recipe.median} words, spread {recipe.spread}"


def _maker(recipe: Recipe, factor: float) -> Callable[[Path], Made]:
    scaled = replace(
        recipe,
        articles=max(1, round(recipe.articles * factor)),
        pictures=max(1, round(recipe.pictures * factor)),
    )
    return lambda folder: invented(folder, scaled)


def _both(make: Callable[[Path], Made]) -> tuple[Judged, Judged]:
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as temporary:
        publication, issue = make(Path(temporary) / "issue")
        return fitted(issue, publication), flowed(issue, publication)


def _show(judged: Sequence[tuple[str, Judged, Judged]], *, named: bool) -> None:
    table = Table(title="How full the pages are")
    for heading in ("issue", "printed"):
        table.add_column(heading)
    for heading in ("pages", "under 60 %", "empty at ends", "stranded", "widows, orphans"):
        table.add_column(heading, justify="right")
    for label, ours, theirs in judged:
        _row(table, label, "ours", [ours])
        _row(table, "", "naively", [theirs])
        table.add_section()
    _row(table, "all", "ours", [ours for _, ours, _ in judged])
    _row(table, "", "naively", [theirs for _, _, theirs in judged])
    Console(width=_WIDTH).print(table)
    for label, ours, _ in judged if named else ():
        for page in ours.low:
            print(f"{label}: {page}")


def _row(table: Table, label: str, way: str, judged: Sequence[Judged]) -> None:
    figures = _figures(judged)
    low = sum(len(one.low) for one in judged)
    table.add_row(
        label,
        way,
        str(sum(one.pages for one in judged)),
        f"{low} ({figures['pages_under_60']:.1%})",
        f"{figures['mean_end_empty']:.1%}",
        str(figures["stranded"]),
        str(figures["widows"]),
    )


def _figures(judged: Sequence[Judged]) -> dict[str, float]:
    """Return the figures of all issues together; each page and each end counts the same."""
    ends = [end for one in judged for end in one.ends]
    low, counted = sum(len(one.low) for one in judged), sum(one.counted for one in judged)
    return {
        "pages_under_60": round(low / max(counted, 1), 4),
        "mean_end_empty": round(sum(ends) / max(len(ends), 1), 4),
        "stranded": sum(one.stranded for one in judged),
        "widows": sum(one.widows for one in judged),
    }


if __name__ == "__main__":
    main()
