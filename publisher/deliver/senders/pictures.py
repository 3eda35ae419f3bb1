"""Put a mail's pictures into the mail itself, for readers who cannot fetch them."""

import html
import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from publisher.deliver.sender import Message


@dataclass(frozen=True)
class InlinePicture:
    """A picture that the mail's HTML shows as cid:NAME (RFC 2392)."""

    name: str
    media_type: str
    file: str  #: name for mail programs that show it as an attachment
    content: bytes


def embedded(message: Message) -> tuple[str, tuple[InlinePicture, ...]]:
    """Return the mail's HTML with its pictures named by cid, and those pictures.

    Only where a picture is shown: a link to the same address stays a link.
    """
    source, pictures = message.html, []
    for url, content in message.pictures.items():
        name = f"{sha256(content).hexdigest()[:32]}@{message.domain}"
        shown = re.compile(
            rf"((?:src|background)\s*=\s*[\"']|url\([\"']?)"
            rf"(?:{re.escape(url)}|{re.escape(html.escape(url))})(?=[\"')])"
        )
        source, count = shown.subn(rf"\g<1>cid:{name}", source)
        if count:
            path = urlsplit(url).path
            media_type = mimetypes.guess_type(path)[0] or "image/jpeg"
            file = path.rpartition("/")[2] or "picture.jpg"
            pictures.append(InlinePicture(name, media_type, file, content))
    return source, tuple(pictures)
