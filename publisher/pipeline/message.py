"""The mail of an issue, put together from what was built."""

from pathlib import Path

from publisher.deliver.sender import Message
from publisher.errors import RenderError
from publisher.pipeline.attaching import enclosure
from publisher.pipeline.desk import Desk
from publisher.render.links import Links
from publisher.week import Week


def issue_message(desk: Desk, week: Week) -> Message:
    """Return the mail of a rendered issue; raise `RenderError` if it was not rendered.

    It has the PDF if that is small enough: not all readers get it so, see `deliver.forms`.
    """
    publication = desk.publication
    sender, delivery = publication.sender, publication.delivery
    build = desk.folder(week) / "build"
    html = _read(build / "email" / "body.html", week)
    attachment = enclosure(desk, week).attachment
    links = Links(publication, week)
    list_name = delivery.list_name
    domain = sender.address.rpartition("@")[2]
    return Message(
        subject=_read(build / "email" / "subject.txt", week).strip(),
        html=html,
        text=_read(build / "email" / "body.txt", week),
        from_name=sender.name,
        from_address=sender.address,
        reply_to=sender.reply_to,
        postal=sender.postal,
        list_id=f"{list_name}.{domain}",
        list_name=publication.title,
        week=str(week),
        web_url=links.issue,
        archive_url=links.archive,
        attachments=(attachment,) if attachment else (),
        pictures=_pictures(build, links, html),
    )


def _read(path: Path, week: Week) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RenderError(
            f"issue {week} has no e-mail edition: run `publisher render --week {week}`"
        ) from None


def _pictures(build: Path, links: Links, html: str) -> dict[str, bytes]:
    """Return the pictures that the mail shows, by their public address."""
    covers = (build / "cover.jpg", build / "web" / "cover.jpg")
    files = {links.cover: next((c for c in covers if c.is_file()), covers[0])}
    files |= {links.picture(path.name): path for path in (build / "web/pictures").glob("*")}
    return {url: path.read_bytes() for url, path in files.items() if url in html and path.is_file()}
