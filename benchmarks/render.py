"""How long the magazine takes to make, beside plain WeasyPrint and three other programs.

    python -m benchmarks.render [--demo] [--runs 3] [--pages 16,32,64,128,256]

The issue is invented from a seed: 40 articles, 60 pictures, about 64 pages. Everything is
measured in fresh processes, in turns; medians are printed, and the last line is one JSON
object. `one_pass_s` is plain WeasyPrint on the very HTML that our magazine is, fitted and
with its pictures scaled already. `cold_s` is all of our work from the first import, with
nothing kept; `edit_s` is the same magazine again, in the same process, after one paragraph
of one article of middling length changed. `peak_mb` is the most of any one of our processes.
With --pages, issues of several lengths are made as well, to see what a page takes in each.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pypdfium2
from rich.console import Console
from rich.table import Table

from benchmarks import peers
from benchmarks.invented import Recipe, gathered, invented
from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render.magazine import MagazineBook, bound_magazine

ROOT = Path(__file__).parent.parent
RECIPE = Recipe()  #: 64 pages, when it was tried
_FILE = re.compile(r"""file:///[^"'()<>\s&]+""")
_HEADINGS = (
    "",
    "median s",
    "range s",
    "of one pass",
    "s a page",
    "CPU s",
    "peak MB",
    "MB",
    "pages",
)
_WIDTH = 120  #: columns of the tables
_PAGES = 64  #: that the recipe makes, nearly


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured: an issue, and the same as one HTML document."""

    publication: Path
    issue: Path
    html: Path


@dataclass(kw_only=True)
class Taken:
    """What one way of printing took, run by run."""

    label: str
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)  #: seconds of all processors
    pages: int = 0
    size_mb: float = 0.0
    remark: str = ""

    @property
    def median(self) -> float | None:
        """The median of all runs; nothing if a run failed."""
        return statistics.median(self.seconds) if self.seconds and not self.remark else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--demo", action="store_true", help="measure the demo issue")
    parser.add_argument("--articles", type=int, default=RECIPE.articles)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pages", default="", help="lengths to make besides: 16,32,64,128,256")
    parser.add_argument("--no-peers", action="store_true", help="leave the other programs out")
    options = parser.parse_args(arguments)
    recipe = scaled(RECIPE, options.articles / RECIPE.articles)
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as temporary:
        subject = made(Path(temporary), None if options.demo else recipe)
        taken = measured(subject, options.runs, with_peers=not options.no_peers)
        figures = shown(taken, "the demo issue" if options.demo else f"{recipe.articles} articles")
    sweep([int(pages) for pages in options.pages.split(",") if pages])
    print(json.dumps(figures))


def scaled(recipe: Recipe, factor: float) -> Recipe:
    """Return a recipe for an issue so many times as long."""
    articles, pictures = recipe.articles * factor, recipe.pictures * factor
    return replace(recipe, articles=max(2, round(articles)), pictures=max(3, round(pictures)))


# ---- what is measured --------------------------------------------------------------------


def made(folder: Path, recipe: Recipe | None) -> Subject:
    """Make an issue, the demo's without a recipe, and its magazine as one HTML document."""
    if recipe:
        publication, issue = invented(folder / "publication", recipe)
    else:
        publication, issue = gathered(folder / "demo")
    html = folder / "html" / "magazine.html"
    _portable(_whole(publication, issue), issue.folder, html)
    return Subject(publication=publication.root, issue=issue.folder, html=html)


def _whole(publication: Publication, issue: Issue) -> str:
    bound = bound_magazine(issue, publication)
    return MagazineBook(issue, publication).whole(bound.notes)


def _portable(document: str, base: Path, html: Path) -> None:
    """Write a document with all files it shows beside it, so that any program can read it."""
    html.parent.mkdir(parents=True)
    known: dict[str, str] = {}

    def beside(path: Path) -> str:
        name = known.setdefault(str(path), f"files/{len(known)}{path.suffix}")
        target = html.parent / name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
        return name

    text = _FILE.sub(lambda match: beside(Path(unquote(urlsplit(match[0]).path))), document)
    for name in sorted(set(re.findall(r'src="([^":#]+\.\w+)"', text)) - set(known.values())):
        if (base / unquote(name)).is_file():
            text = text.replace(f'src="{name}"', f'src="{beside(base / unquote(name))}"')
    html.write_text(text, encoding="utf-8")


# ---- measuring -----------------------------------------------------------------------------


def measured(subject: Subject, runs: int, *, with_peers: bool = True) -> dict[str, Taken]:
    """Let every program print the issue so many times, in turns."""
    taken = {
        "one_pass": Taken(label="plain WeasyPrint, one pass"),
        "cold": Taken(label="ours, cold"),
        "edit": Taken(label="ours, one article changed"),
        "longest": Taken(label="ours, the longest article changed"),
    }
    if with_peers:
        taken |= {name: Taken(label=peer.name) for name, peer in peers.ALL.items()}
    pdf = subject.html.parent / "printed.pdf"
    for run in range(runs):
        _say(f"run {run + 1} of {runs}: plain WeasyPrint")
        found = _fresh("one_pass", str(subject.html), str(pdf))
        _note(taken["one_pass"], found["seconds"], found["peak_mb"], pdf)
        taken["one_pass"].work.append(found["cpu_s"])
        _say(f"run {run + 1} of {runs}: ours")
        ours(subject, taken, pdf)
        for name, peer in peers.ALL.items() if with_peers else ():
            if taken[name].remark:
                continue
            _say(f"run {run + 1} of {runs}: {peer.name}")
            made = peers.printed(peer, subject.html, pdf)
            if made.failed:
                taken[name].remark = made.said
            else:
                _note(taken[name], made.seconds, made.peak_mb, pdf)
    return taken


def ours(subject: Subject, taken: dict[str, Taken], pdf: Path) -> None:
    """Make our magazine in a fresh process, with nothing kept from before."""
    shutil.rmtree(subject.issue / "build", ignore_errors=True)
    with tempfile.TemporaryDirectory() as cache:
        found = _fresh(
            "ours", str(subject.publication), str(subject.issue), str(pdf), PUBLISHER_CACHE=cache
        )
    for name, key in (("cold", "seconds"), ("edit", "edit_s"), ("longest", "longest_s")):
        _note(taken[name], found[key], found["peak_mb"], pdf)
    taken["cold"].work.append(found["cpu_s"])


def _fresh(module: str, *arguments: str, **environment: str) -> dict[str, float]:
    """Run a module of this package in a process of its own, and read its last line."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"benchmarks.{module} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _note(taken: Taken, seconds: float, peak: float, pdf: Path) -> None:
    taken.seconds.append(seconds)
    taken.peaks.append(peak)
    taken.size_mb = pdf.stat().st_size / 1e6
    document = pypdfium2.PdfDocument(pdf)
    taken.pages = len(document)
    document.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ---- telling --------------------------------------------------------------------------------


def shown(taken: dict[str, Taken], what: str) -> dict[str, float | None]:
    """Print the table, and return the figures of the last line."""
    pages, base = taken["cold"].pages, taken["one_pass"].median or 1.0
    table = Table(title=f"{pages} pages: {what}")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right" if heading else "left")
    for one in taken.values():
        if one.median is None:
            table.add_row(one.label, "-", one.remark or "-", *["-"] * 6)
            continue
        table.add_row(
            one.label,
            f"{one.median:.2f}",
            f"{min(one.seconds):.2f}-{max(one.seconds):.2f}",
            f"{one.median / base:.3f}",
            f"{one.median / pages:.3f}",
            f"{statistics.median(one.work):.1f}" if one.work else "-",
            f"{max(one.peaks):.0f}",
            f"{one.size_mb:.2f}",
            str(one.pages),
        )
    Console(width=_WIDTH).print(table)
    seconds = {
        f"{name}_s": _rounded(taken[name].median) if name in taken else None
        for name in ("one_pass", "cold", "edit", *peers.ALL)
    }
    first = {name: seconds.pop(name) for name in ("one_pass_s", "cold_s", "edit_s")}
    peak = {"peak_mb": round(max(taken["cold"].peaks))}
    size = {"file_mb": round(taken["cold"].size_mb, 2)}
    return {"pages": pages, **first, **peak, **size, **seconds}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def sweep(lengths: Sequence[int]) -> None:
    """Make issues of several lengths, and print what a page takes in each."""
    if not lengths:
        return
    table = Table(title="What a page takes, by the length of the issue")
    for heading in ("pages", "cold s", "cold s a page", "one change s", "peak MB"):
        table.add_column(heading, justify="right")
    for length in lengths:
        recipe = scaled(RECIPE, length / _PAGES)
        with tempfile.TemporaryDirectory(prefix="publisher-bench-") as temporary:
            publication, issue = invented(Path(temporary, "publication"), recipe)
            subject = Subject(publication=publication.root, issue=issue.folder, html=Path())
            taken = {name: Taken(label=name) for name in ("cold", "edit", "longest")}
            _say(f"{recipe.articles} articles, about {length} pages")
            ours(subject, taken, Path(temporary, "printed.pdf"))
        cold, pages = taken["cold"], taken["cold"].pages
        table.add_row(
            str(pages),
            f"{cold.seconds[0]:.2f}",
            f"{cold.seconds[0] / pages:.3f}",
            f"{taken['edit'].seconds[0]:.2f}",
            f"{cold.peaks[0]:.0f}",
        )
    Console(width=_WIDTH).print(table)


if __name__ == "__main__":
    main()
