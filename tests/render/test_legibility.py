"""Words on pictures can be read, whatever the picture."""

import random
from pathlib import Path

import pytest
from PIL import Image

from publisher.render.legibility import DARK, LIGHT, Band, Ground, contrast_below, gradient, ground

BOX = (0.05, 0.5, 0.95, 0.95)


def white(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, "#ffffff")


def black(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, "#000000")


def grey(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, "#808080")


def noise(size: tuple[int, int]) -> Image.Image:
    count = size[0] * size[1] * 3
    return Image.frombytes("RGB", size, random.Random(7).randbytes(count))  # noqa: S311  # a picture


def checkers(size: tuple[int, int]) -> Image.Image:
    small = Image.new("1", (2, 2))
    small.putpixel((0, 0), 1)
    small.putpixel((1, 1), 1)
    tile = small.resize((24, 24), Image.Resampling.NEAREST).convert("RGB")
    made = Image.new("RGB", size)
    for left in range(0, size[0], 24):
        for top in range(0, size[1], 24):
            made.paste(tile, (left, top))
    return made


def halves(size: tuple[int, int]) -> Image.Image:
    made = white(size)
    made.paste((0, 0, 0), (0, 0, size[0] // 2, size[1]))
    return made


PICTURES = [white, black, grey, noise, checkers, halves]


@pytest.mark.parametrize("make", PICTURES)
@pytest.mark.parametrize("ink", ["", LIGHT, DARK])
def test_words_contrast_with_the_worst_of_any_picture(
    make: object, ink: str, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    make((600, 850)).save(path)  # type: ignore[operator]  # one of PICTURES
    found = ground(path, (BOX,), ink)
    assert contrast_below(path, BOX, found.ink, found.shade) >= 4.5
    assert found.shade < 0.7


def test_a_calm_bright_picture_is_left_as_it_is_and_has_dark_words(tmp_path: Path) -> None:
    white((600, 850)).save(tmp_path / "picture.png")
    assert ground(tmp_path / "picture.png", (BOX,)) == Ground(DARK, 0.0, 0.0)


def test_a_dark_picture_is_left_as_it_is_and_has_white_words(tmp_path: Path) -> None:
    black((600, 850)).save(tmp_path / "picture.png")
    assert ground(tmp_path / "picture.png", (BOX,)) == Ground(LIGHT, 0.0, 0.0)


def test_one_lamp_in_the_dark_is_enough_to_lay_a_shade(tmp_path: Path) -> None:
    picture = black((600, 850))
    picture.paste((255, 255, 255), (200, 500, 300, 600))
    picture.save(tmp_path / "picture.png")
    assert ground(tmp_path / "picture.png", (BOX,), LIGHT).shade > 0.4


def test_a_shade_fades_without_an_edge_and_a_needless_one_is_left_out() -> None:
    band = Band(0.6, 1.0, Ground(LIGHT, 0.5, 0.1), above=0.2)
    css = gradient([band])
    assert css.startswith("linear-gradient(to bottom, rgba(10, 11, 14, 0.000) 40.00%")
    assert "rgba(10, 11, 14, 0.500) 60.00%" in css
    assert css.endswith("rgba(10, 11, 14, 0.500) 100.00%)")
    assert gradient([Band(0.6, 1.0, Ground(LIGHT, 0.0, 0.1))]) == ""
