"""The cover as a picture, for mails, web pages and the archive."""

from pathlib import Path

from publisher.config import PageSize, Publication
from publisher.content.issue import Issue
from publisher.content.pictures import rendition
from publisher.errors import ContentError

_RATIO = {PageSize.A4: 297 / 210, PageSize.LETTER: 11 / 8.5}
_WIDTH = 1000  #: pixels


def front_picture(issue: Issue, publication: Publication) -> Path | None:
    """Return the magazine's cover as it was made; without a magazine, the cover story's picture.

    None when the issue has no picture for its cover or it is lost.
    """
    made = issue.build_folder / "cover.jpg"
    if "magazine" in (issue.editions or publication.editions.make) and made.is_file():
        return made
    picture = issue.cover.picture
    if picture is None:
        return None
    try:
        return rendition(
            issue.folder / picture.path,
            issue.build_folder / "web" / "pictures",
            width=_WIDTH,
            height=round(_WIDTH * _RATIO[publication.editions.page_size]),
            focus=picture.focus,
        )
    except ContentError:
        return None  # the edition that prints the picture itself says so
