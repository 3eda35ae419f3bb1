"""Which PDF travels with the mail of readers who want it so, and what to say if none can."""

from dataclasses import dataclass
from pathlib import Path

from publisher.audience.preferences import count_forms
from publisher.config import Form
from publisher.deliver.sender import Attachment
from publisher.pipeline.desk import Desk
from publisher.pipeline.reporting import Report, read_report
from publisher.storage.engine import reading
from publisher.week import Week


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """What is attached to the mails of an issue."""

    attachment: Attachment | None
    shortfall: str = ""  #: if it is not the magazine: why, in a sentence for the operator


def enclosure(desk: Desk, week: Week) -> Enclosure:
    """Return the magazine as it was rendered, if it is within `attach_limit_mb`.

    Of a larger one the phone edition, if it was made and is within the limit. Else
    nothing: the mail links to the magazine anyway.
    """
    report, limit = read_report(desk, week), desk.publication.delivery.attach_limit_mb
    magazine = _pdf(report, "magazine") or _pdf(report, "letter")
    phone = _pdf(report, "phone")
    chosen = next((file for file in (magazine, phone) if file and _mb(file) <= limit), None)
    return Enclosure(
        attachment=_attachment(chosen) if chosen else None,
        shortfall="" if chosen and chosen is magazine else _sentence(magazine, chosen, limit),
    )


def shortfall(desk: Desk, week: Week) -> str:
    """Say what readers who want the magazine attached get instead; empty if nobody misses it."""
    delivery = desk.publication.delivery
    with reading(desk.engine) as connection:
        wanted = count_forms(connection, delivery.list_name, delivery.pdf)[Form.ATTACH]
    return enclosure(desk, week).shortfall if wanted else ""


def _sentence(magazine: Path | None, chosen: Path | None, limit: float) -> str:
    missing = (
        f"{magazine.name} has {_mb(magazine):.1f} MB and attach_limit_mb is {limit:g}"
        if magazine
        else "there is no magazine to attach"
    )
    if chosen:
        return f"{missing}: who wants it attached gets the phone edition with the mail"
    return f"{missing}: who wants it attached gets the mail with the link alone"


def _pdf(report: Report, edition: str) -> Path | None:
    files = (file for made in report.rendered if made.edition == edition for file in made.files)
    return next((file for file in files if file.suffix == ".pdf" and file.is_file()), None)


def _mb(file: Path) -> float:
    return file.stat().st_size / 1_000_000


def _attachment(file: Path) -> Attachment:
    return Attachment(name=file.name, media_type="application/pdf", content=file.read_bytes())
