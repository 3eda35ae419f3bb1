"""Pictures: measure, make normal, and scale to the size they are printed at.

Bytes from outside are hostile: only well-known raster formats are opened, the size is
looked at before anything is decoded, and whatever a decoder stumbles over becomes one
`ContentError`.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps

from publisher.content.files import save
from publisher.errors import ContentError

#: no EPS, PDF or PSD: their readers run programs or have no business in a newsroom
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "MPO")
MAX_BYTES = 60_000_000
MAX_PIXELS = 80_000_000
#: longest edge kept: a spread across two A4 pages at 240 ppi
MAX_EDGE = 4000
_SRGB = ImageCms.createProfile("sRGB")
_ORIENTATION = 0x0112
_LOWEST_QUALITY = 44
#: part of every rendition's name: raise it when the recipe below changes
_RECIPE = 1


@dataclass(frozen=True)
class Size:
    """Pixels, as the picture is meant to be seen."""

    width: int
    height: int

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.width / self.height


@dataclass(frozen=True, kw_only=True)
class NormalPicture:
    """A picture that is safe to keep: sRGB, upright, one frame, no metadata."""

    data: bytes
    extension: str  #: "jpg", or "png" when it has transparency
    size: Size


def measure(path: Path) -> Size:
    """Return a picture's size in pixels after EXIF orientation, without decoding it.

    Raises `ContentError` when there is no such picture or it cannot be read.
    """
    try:
        state = path.stat()
    except OSError:
        return _measured(path, 0, 0)  # it says what is wrong
    return _measured(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _measured(path: Path, changed: int, bytes_: int) -> Size:
    del changed, bytes_  # they only tell whether it must be looked at again
    with _opened(path, path.name) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
            width, height = height, width
        return Size(width, height)


def normalise(data: bytes) -> NormalPicture:
    """Turn bytes from outside into an upright sRGB picture without metadata.

    Of an animation the first frame is kept; edges longer than `MAX_EDGE` are scaled
    down. Raises `ContentError` for anything that is no picture, is broken, or is
    larger than `MAX_BYTES` or `MAX_PIXELS`.
    """
    if len(data) > MAX_BYTES:
        raise ContentError(
            f"the picture has {len(data) / 1e6:.0f} MB:"
            f" save it smaller, at most {MAX_BYTES / 1e6:.0f} MB are taken"
        )
    with _opened(io.BytesIO(data), "the picture") as image:
        image.draft("RGB", (MAX_EDGE, MAX_EDGE))
        upright = _upright_srgb(image)
    upright.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.LANCZOS)
    encoded, extension = _encode(upright, quality=90)
    return NormalPicture(data=encoded, extension=extension, size=Size(*upright.size))


def rendition(
    source: Path,
    cache: Path,
    *,
    width: int,
    height: int | None = None,
    focus: tuple[float, float] = (0.5, 0.5),
    quality: int = 78,
    max_bytes: int | None = None,
) -> Path:
    """Return the picture cropped and scaled to `width` x `height` pixels, made at most once.

    The crop keeps `focus` (fractions from left and top) as near the middle as it can;
    without `height` the picture keeps its ratio. Nothing is scaled up: a smaller source
    keeps its pixels in the wanted ratio. To meet `max_bytes` the quality is lowered in
    steps, then the size. The file is a progressive JPEG, or a PNG where there is
    transparency; it is named after the source's content and these parameters, so a
    changed picture gets another name. Safe with several processes.

    Raises `ContentError` when the source is missing or no picture.
    """
    recipe = repr((_RECIPE, width, height, focus if height else None, quality, max_bytes))
    stem = f"{_digest(source)}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
    for extension in ("jpg", "png"):
        made = cache / f"{stem}.{extension}"
        if made.exists():
            return made
    with _opened(source, source.name) as image:
        # JPEG decodes at 1/2, 1/4 or 1/8 for next to nothing; the crop may need all of one edge
        if height is None:
            image.draft("RGB", (width, width))
        else:
            image.draft("RGB", (2 * max(width, height), 2 * max(width, height)))
        whole = _upright_srgb(image)
    picture = _fitted(whole, width, height, focus)
    data, extension = _encode(picture, quality, max_bytes)
    made = cache / f"{stem}.{extension}"
    save(made, data)
    return made


@contextmanager
def _opened(file: Path | io.BytesIO, name: str) -> Iterator[Image.Image]:
    # WeasyPrint, once imported, has Pillow take half a picture for a whole one
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        # Pillow's own bomb warning would only say the same less clearly
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except FileNotFoundError:
        raise ContentError(f"there is no picture {name}: put it there or mend the path") from None
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except Exception:  # whatever a decoder says about hostile bytes, the answer is the same
        raise _unreadable(name) from None
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name)
        try:
            yield image
        except ContentError:
            raise
        except Exception:
            raise _unreadable(name) from None


def _too_large(name: str) -> ContentError:
    return ContentError(
        f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels: scale it down first"
    )


def _unreadable(name: str) -> ContentError:
    return ContentError(
        f"{name} is broken or no picture we can read: save it again as JPEG, PNG or WebP"
    )


def _upright_srgb(image: Image.Image) -> Image.Image:
    """Decode the first frame into RGB or RGBA, without profile and metadata."""
    profile = image.info.get("icc_profile")
    image.load()
    # transposing copies every pixel, so it is asked first whether there is anything to do
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
    picture: Image.Image = ImageOps.exif_transpose(image) if turned else image
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits and more a pixel
        _low, high = picture.convert("F").getextrema()
        top = 65535.0 if isinstance(high, float) and high > 255 else 255.0
        picture = picture.convert("F").point(lambda value: value * (255.0 / top)).convert("L")
    alpha = None
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
        if alpha.getextrema() == (255, 255):
            alpha = None
    if profile and picture.mode in ("RGB", "CMYK", "L", "RGBA"):
        picture = _managed(picture, profile)
    # a palette goes through RGBA, else its transparent entry would be painted
    if alpha and picture.mode == "P":
        picture = picture.convert("RGBA")
    plain = picture if picture.mode == "RGB" else picture.convert("RGB")
    if alpha:
        plain.putalpha(alpha)
    plain.info.clear()
    return plain


def _managed(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        flat = picture.convert("RGB") if picture.mode == "RGBA" else picture
        managed = ImageCms.profileToProfile(flat, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a profile that does not fit its picture: better plain colours than none
    return managed or picture


def _fitted(
    whole: Image.Image, width: int, height: int | None, focus: tuple[float, float]
) -> Image.Image:
    if height is None:
        box = (0.0, 0.0, float(whole.width), float(whole.height))
        scale = min(1.0, width / whole.width)
    else:
        box = crop_box(Size(*whole.size), width / height, focus)
        scale = min(1.0, width / (box[2] - box[0]), height / (box[3] - box[1]))
    size = (
        max(1, round((box[2] - box[0]) * scale)),
        max(1, round((box[3] - box[1]) * scale)),
    )
    return whole.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def crop_box(
    size: Size, ratio: float, focus: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return the largest box (left, top, right, bottom) of this ratio, focus near its middle."""
    width = min(size.width, size.height * ratio)
    height = min(size.height, size.width / ratio)
    left = min(max(focus[0] * size.width - width / 2, 0.0), size.width - width)
    top = min(max(focus[1] * size.height - height / 2, 0.0), size.height - height)
    return left, top, left + width, top + height


def _encode(picture: Image.Image, quality: int, max_bytes: int | None = None) -> tuple[bytes, str]:
    while True:
        out = io.BytesIO()
        if picture.mode == "RGBA":
            extension = "png"
            picture.save(out, "PNG", optimize=True)
        else:
            extension = "jpg"
            picture.save(out, "JPEG", quality=quality, progressive=True, optimize=True)
        if max_bytes is None or out.tell() <= max_bytes or max(picture.size) < 64:
            return out.getvalue(), extension
        if extension == "jpg" and quality > _LOWEST_QUALITY:
            quality = max(_LOWEST_QUALITY, quality - 8)
        else:
            smaller = (max(1, picture.width * 7 // 8), max(1, picture.height * 7 // 8))
            picture = picture.resize(smaller, Image.Resampling.LANCZOS)


def fingerprint(path: Path) -> str:
    """Return what names a picture's content, and its renditions' files begin with.

    Raises `ContentError` if there is none.
    """
    return _digest(path)


def _digest(path: Path) -> str:
    try:
        state = path.stat()
    except OSError:
        raise ContentError(
            f"there is no picture {path.name}: put it there or mend the path"
        ) from None
    return _content_digest(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=4096)
def _content_digest(path: Path, _mtime_ns: int, _size: int, _inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:20]
