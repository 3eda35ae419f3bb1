"""An address -> a QR code as SVG."""

from functools import lru_cache
from urllib.parse import urlsplit

import segno

from publisher.errors import ContentError

#: modules of white around the code, without which readers miss it (ISO/IEC 18004)
QUIET_ZONE = 4


@lru_cache(maxsize=512)
def qr_data_uri(address: str) -> str:
    """Return a QR code as the data: address of an SVG picture, with error correction M or better.

    Raises `ContentError` unless the address is a web address that fits.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in address:
        raise ContentError(
            f'the QR code has "{address[:80]}", which is no web address:'
            " write /// qr | https://example.org/page"
        )
    try:
        code = segno.make_qr(address, error="m")
    except segno.DataOverflowError:
        raise ContentError("the QR code's address is too long: use a shorter one") from None
    # not omitsize: WeasyPrint needs a size to start from
    return str(code.svg_data_uri(border=QUIET_ZONE, light="#ffffff", scale=4, svgversion=1.1))
