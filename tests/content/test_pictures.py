import io
import struct
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from publisher.content.pictures import (
    MAX_EDGE,
    Size,
    crop_box,
    measure,
    normalise,
    rendition,
)
from publisher.errors import ContentError

RED, BLUE = (200, 30, 30), (30, 30, 200)


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def halves(size: tuple[int, int] = (80, 40)) -> Image.Image:
    """A picture that is red on the left and blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def colour(image: Image.Image, at: tuple[float, float]) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel(
        (int(image.width * at[0]) - (at[0] == 1), int(image.height * at[1]) - (at[1] == 1))
    )
    assert isinstance(pixel, tuple)
    return tuple(int(part) for part in pixel)


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "A camera with a serial number"
    return tags.tobytes()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that says it has billions of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


# ---- normalise -------------------------------------------------------------------


def test_a_cmyk_jpeg_becomes_srgb() -> None:
    cmyk = Image.new("CMYK", (20, 10), (0, 255, 255, 0))
    normal = normalise(encode(cmyk, "JPEG"))
    image = opened(normal.data)
    assert (normal.extension, image.mode, image.size) == ("jpg", "RGB", (20, 10))
    red, green, blue = colour(image, (0.5, 0.5))
    assert red > 180
    assert max(green, blue) < 90


def test_a_turned_picture_is_set_upright_and_forgets_its_camera() -> None:
    normal = normalise(encode(halves(), "JPEG", exif=exif(6), quality=95))
    image = opened(normal.data)
    assert normal.size == Size(40, 80)
    assert near(colour(image, (0.5, 0.1)), RED)
    assert near(colour(image, (0.5, 0.9)), BLUE)
    assert not image.getexif()
    assert b"serial" not in normal.data


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (10, 10), RED), Image.new("RGB", (10, 10), BLUE)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image = opened(normalise(data).data)
    assert getattr(image, "n_frames", 1) == 1
    assert near(colour(image, (0.5, 0.5)), RED, by=20)


def test_transparency_is_kept_in_a_png() -> None:
    clear = Image.new("RGBA", (10, 10), (*RED, 0))
    clear.paste((*RED, 255), (0, 0, 5, 10))
    normal = normalise(encode(clear, "PNG"))
    image = opened(normal.data)
    assert (normal.extension, image.mode) == ("png", "RGBA")
    assert image.getpixel((9, 5)) == (*RED, 0)


def test_a_palette_with_a_transparent_entry_is_kept_transparent() -> None:
    palette = halves((10, 10)).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    entry = palette.getpixel((9, 5))
    normal = normalise(encode(palette, "PNG", transparency=entry))
    pixel = opened(normal.data).getpixel((9, 5))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_a_png_whose_transparency_is_never_used_becomes_a_jpeg() -> None:
    assert normalise(encode(halves().convert("RGBA"), "PNG")).extension == "jpg"


def test_a_colour_profile_is_applied_and_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wrong = normalise(encode(halves(), "JPEG", icc_profile=profile, quality=95))
    assert near(colour(opened(wrong.data), (0.1, 0.5)), RED)  # a profile that does not fit
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    right = opened(normalise(encode(halves(), "PNG", icc_profile=srgb)).data)
    assert "icc_profile" not in right.info
    assert near(colour(right, (0.1, 0.5)), RED)


def test_sixteen_bits_of_grey_keep_their_middle() -> None:
    grey = Image.new("I;16", (10, 10), 32768)
    assert near(colour(opened(normalise(encode(grey, "PNG")).data), (0.5, 0.5)), (128, 128, 128))


def test_a_picture_larger_than_a_spread_is_scaled_down() -> None:
    normal = normalise(encode(Image.new("RGB", (6000, 3000), RED), "JPEG"))
    assert normal.size == Size(MAX_EDGE, MAX_EDGE // 2)


def _truncated() -> bytes:
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    data = encode(noise, "JPEG")
    return data[: len(data) // 3]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is broken or no picture"),
        (b"<!doctype html><p>404</p>", "is broken or no picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "is broken or no picture"),
        (b"\x89PNG\r\n\x1a\n<svg onload='x()'/>", "is broken or no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is broken or no picture"),
        (_truncated(), "is broken or no picture"),
        (bomb(), "more than 80 million pixels"),
        (bomb(10_000, 9_000), "more than 80 million pixels"),
        (b"\0" * 60_000_001, "has 60 MB: save it smaller"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ContentError, match=sentence):
        normalise(data)


@given(st.data())
def test_damaged_bytes_give_a_picture_or_a_refusal(data: st.DataObject) -> None:
    whole = bytearray(
        data.draw(
            st.sampled_from(
                [encode(halves(), f) for f in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        normal = normalise(bytes(whole))
    except ContentError:
        return
    assert Size(*opened(normal.data).size) == normal.size


# ---- measure ---------------------------------------------------------------------


@pytest.mark.parametrize(("orientation", "size"), [(1, Size(80, 40)), (6, Size(40, 80))])
def test_a_picture_is_measured_as_it_is_seen(tmp_path: Path, orientation: int, size: Size) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(halves(), "JPEG", exif=exif(orientation)))
    assert measure(path) == size
    assert size.ratio == size.width / size.height


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"there is no picture gone\.jpg"):
        measure(tmp_path / "gone.jpg")
    with pytest.raises(ContentError, match=r"there is no picture gone\.jpg"):
        rendition(tmp_path / "gone.jpg", tmp_path, width=10)


# ---- rendition -------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "wide.png"
    path.write_bytes(encode(halves((400, 100)), "PNG"))
    return path


def test_a_rendition_has_the_size_it_is_printed_at(source: Path, tmp_path: Path) -> None:
    made = rendition(source, tmp_path / "cache", width=200)
    assert measure(made) == Size(200, 50)
    image = opened(made.read_bytes())
    assert (image.format, image.mode, image.info.get("progressive")) == ("JPEG", "RGB", 1)


def test_the_crop_keeps_the_focal_point(source: Path, tmp_path: Path) -> None:
    left = opened(rendition(source, tmp_path, width=50, height=50, focus=(0.1, 0.5)).read_bytes())
    right = opened(rendition(source, tmp_path, width=50, height=50, focus=(0.9, 0.5)).read_bytes())
    assert left.size == right.size == (50, 50)
    assert near(colour(left, (0.9, 0.5)), RED)
    assert near(colour(right, (0.1, 0.5)), BLUE)


def test_a_small_picture_is_cropped_but_never_scaled_up(source: Path, tmp_path: Path) -> None:
    assert measure(rendition(source, tmp_path, width=4000, height=4000)) == Size(100, 100)
    assert measure(rendition(source, tmp_path, width=4000)) == Size(400, 100)


def test_a_turned_jpeg_is_cropped_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    path.write_bytes(encode(halves((1600, 800)), "JPEG", exif=exif(6)))
    made = opened(rendition(path, tmp_path, width=100, height=50, focus=(0.5, 0.9)).read_bytes())
    assert made.size == (100, 50)
    assert near(colour(made, (0.5, 0.5)), BLUE)


def test_transparency_survives_scaling(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(encode(Image.new("RGBA", (100, 100), (*RED, 0)), "PNG"))
    assert rendition(path, tmp_path, width=50).suffix == ".png"
    assert rendition(path, tmp_path, width=50).suffix == ".png"


def test_the_quality_gives_way_to_the_bytes_allowed(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    path.write_bytes(encode(Image.effect_noise((600, 600), 90).convert("RGB"), "PNG"))
    free = rendition(path, tmp_path, width=600)
    held = rendition(path, tmp_path, width=600, max_bytes=60_000)
    tight = rendition(path, tmp_path, width=600, max_bytes=6_000)
    assert free.stat().st_size > 60_000 >= held.stat().st_size
    assert tight.stat().st_size <= 6_000
    assert measure(tight).width < 600  # quality alone could not do it


def test_a_rendition_is_made_once_and_again_when_the_picture_changes(
    source: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = rendition(source, cache, width=100)
    made = first.stat().st_mtime_ns
    assert rendition(source, cache, width=100) == first
    assert first.stat().st_mtime_ns == made
    assert rendition(source, cache, width=101) != first
    source.write_bytes(encode(Image.new("RGB", (400, 101), BLUE), "PNG"))
    changed = rendition(source, cache, width=100)
    assert changed != first
    assert near(colour(opened(changed.read_bytes()), (0.1, 0.5)), BLUE)


def test_the_same_content_under_another_name_is_the_same_rendition(
    source: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(source.read_bytes())
    assert rendition(source, tmp_path, width=100) == rendition(copy, tmp_path, width=100)


def test_many_at_once_make_one_whole_file(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    made: list[Path] = []
    workers = [
        threading.Thread(target=lambda: made.append(rendition(source, cache, width=90)))
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(made) == 8
    assert list(cache.iterdir()) == [made[0]]
    assert measure(made[0]) == Size(90, 22)


@given(
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.floats(0.05, 20),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_crop_lies_in_the_picture_and_has_the_ratio(
    width: int, height: int, ratio: float, focus: tuple[float, float]
) -> None:
    left, top, right, bottom = crop_box(Size(width, height), ratio, focus)
    slack = 1e-6 * max(width, height)
    assert -slack <= left < right <= width + slack
    assert -slack <= top < bottom <= height + slack
    assert (right - left) / (bottom - top) == pytest.approx(ratio)
