"""The contact sheets, and the targets that make and measure."""

import subprocess

import pytest
from PIL import Image

from docs.sheets import in_spreads, sheet
from tests.conftest import ROOT


def pages(*colours: str) -> list[Image.Image]:
    return [Image.new("RGB", (40, 60), colour) for colour in colours]


def test_facing_pages_lie_side_by_side_and_the_cover_on_the_right() -> None:
    spreads = in_spreads(pages("red", "lime", "blue", "white"))
    assert [len(spread) for spread in spreads] == [1, 2, 1]
    picture = sheet(spreads, across=2)
    gap = 5
    assert picture.getpixel((gap + 40 + 20, gap + 30)) == (255, 0, 0)
    assert picture.getpixel((2 * gap + 80 + 20, gap + 30)) == (0, 255, 0)
    assert picture.getpixel((2 * gap + 120 + 20, gap + 30)) == (0, 0, 255)
    assert picture.getpixel((gap + 20, 2 * gap + 60 + 30)) == (255, 255, 255)


def test_screens_lie_one_by_one() -> None:
    picture = sheet([[page] for page in pages("red", "lime")], across=2)
    assert picture.getpixel((5 + 20, 5 + 30)) == (255, 0, 0)


@pytest.mark.parametrize("target", ["bench", "bench-peers", "pictures", "gallery"])
def test_make_knows_the_target_and_its_help_tells_of_it(target: str) -> None:
    for name in ("help", target):
        done = subprocess.run(
            ["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert f"make {target} " in done.stdout or name == target
        assert done.stdout.strip()
