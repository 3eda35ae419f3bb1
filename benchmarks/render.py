"""How long the magazine takes: plain WeasyPrint, our cold build, our build after an edit.

    python -m benchmarks.render [--publication DIR] [--week 2026-W47] [--runs 3]

Everything is timed in fresh processes, in turns, and the medians are printed; the last
line is one JSON object. `one_pass_s` is plain WeasyPrint on the very HTML that our build
prints, without our copy-fitting, pictures or checks: the baseline of the ratios.
"""

import argparse
import json
import resource
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from publisher.compose import compose
from publisher.config import Publication, load_publication
from publisher.content.article import Article
from publisher.content.articles import picture_sizes, read_articles
from publisher.content.issue import Issue, read_issue_file
from publisher.render.magazine import Magazine, magazine_html
from publisher.week import Week

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One measured run in a process of its own."""

    seconds: float
    peak_mb: float
    pages: int = 0
    bytes: int = 0


def composed(publication: Publication, week: Week, folder: Path) -> Issue:
    """Compose the issue from a folder that holds its articles and pictures."""
    articles, _ = read_articles(folder, publication.timezone)
    return compose(
        week,
        articles,
        read_issue_file(folder),
        publication,
        number=publication.first_number,
        folder=folder,
        sizes=picture_sizes(folder, articles),
    ).issue


def one_pass(publication: Publication, week: Week, folder: Path) -> Timing:
    """Plain WeasyPrint: HTML in, PDF out."""
    import weasyprint

    html = magazine_html(composed(publication, week, folder), publication)
    started = time.perf_counter()
    pdf = weasyprint.HTML(string=html, base_url=f"{folder}/").write_pdf(pdf_variant="pdf/ua-1")
    return Timing(seconds=time.perf_counter() - started, peak_mb=_peak(), bytes=len(pdf))


def cold(publication: Publication, week: Week, folder: Path) -> Timing:
    """Our whole build with nothing cached: compose, fit, scale pictures, print, check."""
    shutil.rmtree(folder / "build", ignore_errors=True)
    started = time.perf_counter()
    made = Magazine().build(composed(publication, week, folder), publication)
    seconds = time.perf_counter() - started
    size = made.files[0].stat().st_size
    return Timing(seconds=seconds, peak_mb=_peak(), pages=made.pages, bytes=size)


def edit(publication: Publication, week: Week, folder: Path) -> Timing:
    """Our build again in the same process, after one paragraph of one article changed."""
    issue = composed(publication, week, folder)
    Magazine().build(issue, publication)
    changed = _edited(issue)
    started = time.perf_counter()
    made = Magazine().build(changed, publication)
    return Timing(seconds=time.perf_counter() - started, peak_mb=_peak(), pages=made.pages)


def _edited(issue: Issue) -> Issue:
    slot = max(issue.slots, key=lambda slot: slot.article.words)
    article: Article = replace(slot.article, body=f"{slot.article.body}\n\nOne sentence more.")
    slots = tuple(replace(s, articles=(article,)) if s is slot else s for s in issue.slots)
    return replace(issue, slots=slots)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--publication", type=Path, default=ROOT)
    parser.add_argument("--week", default="2026-W47")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    publication, week = load_publication(options.publication), Week.parse(options.week)
    taken: dict[str, list[Timing]] = {"one_pass": [], "cold": [], "edit": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / str(week)
        _gather(publication, week, folder)
        for _ in range(options.runs):
            for name, measured in (("one_pass", one_pass), ("cold", cold), ("edit", edit)):
                # a process each: what one run has loaded or cached must not help the next
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                    timing = pool.submit(measured, publication, week, folder).result()
                taken[name].append(timing)
    _show(taken)


def _gather(publication: Publication, week: Week, folder: Path) -> None:
    """Lay the week's articles out as collecting would: from the issue, else from the inbox."""
    issue = publication.issues / str(week)
    source = issue if (issue / "articles").is_dir() else publication.issues / "inbox"
    articles = source / "articles" if source == issue else source
    folder.mkdir(parents=True)
    shutil.copytree(articles, folder / "articles", ignore=shutil.ignore_patterns("pictures"))
    shutil.copytree(source / "pictures", folder / "pictures")
    if (issue / "issue.toml").is_file():
        shutil.copy(issue / "issue.toml", folder)


def _show(taken: dict[str, list[Timing]]) -> None:
    seconds = {name: statistics.median(t.seconds for t in runs) for name, runs in taken.items()}
    last = taken["cold"][-1]
    table = Table(title=f"{last.pages} pages, {last.bytes / 1e6:.1f} MB")
    for heading in ("build", "median s", "range s", "of one pass", "s a page", "peak MB"):
        table.add_column(heading, justify="left" if heading == "build" else "right")
    labels = {"one_pass": "plain WeasyPrint", "cold": "ours, cold", "edit": "ours, one edit"}
    for name, runs in taken.items():
        times = [t.seconds for t in runs]
        table.add_row(
            labels[name],
            f"{seconds[name]:.2f}",
            f"{min(times):.2f}-{max(times):.2f}",
            f"{seconds[name] / seconds['one_pass']:.2f}",
            f"{seconds[name] / last.pages:.3f}",
            f"{max(t.peak_mb for t in runs):.0f}",
        )
    Console().print(table)
    result = {
        "pages": last.pages,
        "one_pass_s": round(seconds["one_pass"], 2),
        "cold_s": round(seconds["cold"], 2),
        "edit_s": round(seconds["edit"], 2),
        "peak_mb": round(max(t.peak_mb for t in (*taken["cold"], *taken["edit"]))),
        "file_mb": round(last.bytes / 1e6, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
