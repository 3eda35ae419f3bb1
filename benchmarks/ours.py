"""Our magazine in a fresh process: python -m benchmarks.ours PUBLICATION ISSUE PDF.

From the first import: articles are read and composed, workers start, pictures are scaled,
pages are fitted, printed, bound and sealed. Then the same process makes it again after one
paragraph of an article of middling length, and of the longest, was changed, some times each.
The build folder must be empty. The last line is what it took, as JSON.
"""

import json
import os
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.content.issue import Slot

_EDITS = 3  #: of each article, to take the median of


def main(root: str, issue: str, pdf: str) -> None:
    """Make it anew, then with changes."""
    started = time.perf_counter()
    from benchmarks.invented import WEEK, composed
    from publisher.config import load_publication
    from publisher.render.magazine import Magazine

    publication, folder = load_publication(Path(root)), Path(issue)
    whole = composed(publication, WEEK, folder)
    made = Magazine().build(whole, publication)
    cold = time.perf_counter() - started
    from benchmarks.memory import cpu_s, peak_mb

    worked = cpu_s(os.getpid())
    data = made.files[0].read_bytes()
    Path(pdf).write_bytes(data)

    single = sorted((s for s in whole.slots if len(s.articles) == 1), key=lambda s: s.article.words)
    taken: dict[str, list[float]] = {"edit": [], "longest": []}
    for number in range(_EDITS):
        for name, slot in (("edit", single[len(single) // 2]), ("longest", single[-1])):
            changed = replace(whole, slots=_with_a_sentence_more(whole.slots, slot, number))
            started = time.perf_counter()
            Magazine().build(changed, publication)
            taken[name].append(time.perf_counter() - started)
    figures = {
        "seconds": cold,
        "cpu_s": worked,
        "edit_s": statistics.median(taken["edit"]),
        "longest_s": statistics.median(taken["longest"]),
        "peak_mb": peak_mb(os.getpid()),
    }
    print(json.dumps(figures))


def _with_a_sentence_more(
    slots: "tuple[Slot, ...]", slot: "Slot", number: int
) -> "tuple[Slot, ...]":
    """Lengthen the longest paragraph of one article, otherwise each time."""
    blocks = slot.article.body.split("\n\n")
    place = max(range(len(blocks)), key=lambda at: len(blocks[at]))
    blocks[place] += f" Sentence {number} of those that were not there before stands here now."
    article = replace(slot.article, body="\n\n".join(blocks))
    changed = replace(slot, articles=(article,))
    return tuple(changed if one is slot else one for one in slots)


if __name__ == "__main__":
    main(*sys.argv[1:4])
