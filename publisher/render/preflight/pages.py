"""What is wrong with pages as they were laid out."""

from collections.abc import Iterator, Sequence

from publisher.problems import Problem, Spot
from publisher.render.leaf import Leaf


def last_page_problems(
    leaves: Sequence[Leaf], article: str, *, least_full: int, advice: Sequence[str] = ()
) -> Iterator[Problem]:
    """Yield an article's last page if it is emptier than `least_full`, in per cent.

    Pages count within the article's own; `advice` is what an editor could do. The spot is
    what stays empty.
    """
    printed = [leaf for leaf in leaves if leaf.fill > 0]
    if len(printed) < 2 or printed[-1].fill * 100 >= least_full:
        return
    last = printed[-1]
    what = "; ".join(advice) or "cut a few lines, or write some more"
    empty = last.height * (1 - last.fill)
    yield Problem(
        message=f"the last page is only {last.fill:.0%} full: {what}",
        article=article,
        page=last.number,
        check="last_page",
        spot=Spot(
            edition="magazine",
            page=last.number,
            x=0.0,
            y=round(last.height - empty, 1),
            width=round(last.width, 1),
            height=round(empty, 1),
        ),
    )
