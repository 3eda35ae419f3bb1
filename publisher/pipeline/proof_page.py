"""The page of charts: a proof -> one HTML file without anything beside it, and without names."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markupsafe import Markup

from publisher.config import Publication
from publisher.content.files import save
from publisher.deliver.figures import Figures, Hour
from publisher.deliver.providers import (
    GOAL,
    LIMIT,
    OTHERS,
    Provider,
    advice,
    complaint_level,
    complaint_sentence,
)
from publisher.pipeline import proof_words as told
from publisher.pipeline.desk import Desk
from publisher.pipeline.proof import Proof
from publisher.render.faces import faces_for
from publisher.render.folders import STATIC
from publisher.render.strips import Part, columns, gauge, strip
from publisher.render.templates import environment, render
from publisher.week import Week

FILE = "figures.html"
_STATES = ("accepted", "suppressed", "refused", "uncertain", "cancelled", "waiting")
_FATES = ("delivered", "deferred", "blocked", "dropped", "bounced", "unheard")
_WINDOWS = (12, 24, 48, 72, 168)  #: hours a time course may show
_MOST = 0.97  #: of what readers did is in it
_LINKS, _PROVIDERS, _DOUBTS = 8, 12, 12
_FACE = re.compile(r"url\(([\w.-]+\.woff2)\)")
_CODE, _LINK = re.compile(r"`([^`]+)`"), re.compile(r"https://[\w./-]*\w/?")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure with its strip."""

    name: str
    number: int
    share: str = ""
    of: str = ""  #: what the share is of
    note: str = ""
    strip: Markup = Markup()
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How often something happened, hour by hour."""

    name: str
    total: int
    peak: str
    columns: Markup


@dataclass(frozen=True, kw_only=True)
class Box:
    """A mailbox provider."""

    provider: Provider
    share: str
    strip: Markup
    rest: str  #: what was not delivered, in words
    advice: Markup


def page_file(desk: Desk, week: Week) -> Path:
    """Return where the page lies unless another place is asked for; nobody serves it."""
    return desk.folder(week) / "build" / FILE


def write_page(desk: Desk, proof: Proof, path: Path) -> None:
    """Write the page of charts."""
    save(path, page(desk.publication, proof))


def page(publication: Publication, proof: Proof) -> str:
    """Return the page: styles, fonts and drawings are inside, and no script."""
    figures, certificate, zone = proof.figures, proof.certificate, publication.timezone
    tally, acts = figures.tally, figures.acts
    shown, slots = _window(figures)
    text = "".join((publication.title, certificate.subject, *(s.title for s in proof.stories)))
    return render(
        environment(publication),
        "report/page.html",
        proof=proof,
        certificate=certificate,
        heard=figures.heard,
        tally=tally,
        acts=acts,
        styles=[Markup(css) for css in _styles(publication, text)],  # noqa: S704 -- our own files
        headline=told.headline(proof),
        began=figures.began and figures.began.astimezone(zone),
        finished=certificate.finished and certificate.finished.astimezone(zone),
        made_at=proof.made_at.astimezone(zone),
        states=_state_rows(proof),
        state_strip=_state_strip(proof),
        settlements=[
            (one.at.astimezone(zone), told.settlement(one))
            for one in certificate.settlements[:_DOUBTS]
        ],
        more_settlements=max(0, len(certificate.settlements) - _DOUBTS),
        fates=_fate_rows(proof),
        fate_strip=strip(
            _parts(tally, _FATES), whole=tally.accepted, title="What became of the accepted mails"
        ),
        deeds=_deeds(proof),
        key_figures=_key_figures(proof),
        courses=_courses(figures, shown, slots),
        ticks=_ticks(figures, slots, publication),
        hours=[(told.clock(figures.began, n, zone), hour) for n, hour in enumerate(shown)]
        if figures.began
        else [],
        later=_later(figures, len(shown)),
        pace=told.pace(figures, zone),
        stories=_stories(proof),
        links=_links(proof),
        boxes=_boxes(figures),
        complaint=_marked(complaint_sentence(acts.complained, tally.delivered)),
        complaint_level=complaint_level(acts.complained, tally.delivered),
        complaint_share=told.share(acts.complained, tally.delivered),
        gauge=gauge(
            acts.complained / tally.delivered if tally.delivered else 0.0,
            top=0.004,
            marks=(GOAL, LIMIT),
            title="Complaints per delivered mail, on a scale to 0.4 %",
            desc=f"{acts.complained:,} of {tally.delivered:,} delivered mails",
        ),
        nobody_tells=_marked(told.NOBODY_TELLS),
    )


def _marked(words: str) -> Markup:
    """Return our own words with commands and addresses set as such."""
    text = _CODE.sub(r"<code>\1</code>", escape(words, quote=False))
    return Markup(  # noqa: S704 -- escaped above
        _LINK.sub(r'<a href="\g<0>" rel="noreferrer">\g<0></a>', text)
    )


def _key_figures(proof: Proof) -> list[tuple[str, str]]:
    """Return what stands beside the headline: shares and what they are of."""
    tally, acts = proof.figures.tally, proof.figures.acts
    if not tally.delivered:
        return []
    return [
        (told.share(tally.delivered, tally.accepted), "of accepted mails were delivered"),
        (told.share(acts.opened, tally.delivered), "of delivered mails were opened, at an estimate"),
        (told.share(acts.clicked, tally.delivered), "of delivered mails led on to an article or the PDF"),
    ]


def _styles(publication: Publication, text: str) -> list[str]:
    """Return the magazine's style with its fonts inside."""
    own = publication.root / "templates" / "static" / "web.css"
    files = faces_for(set(text), publication)

    def inside(match: re.Match[str]) -> str:
        return f"url(data:font/woff2;base64,{base64.b64encode(files[match[1]]).decode()})"

    faces = _FACE.sub(inside, files["fonts.css"].decode())
    look = (own if own.is_file() else STATIC / "web.css").read_text(encoding="utf-8")
    return [faces, look]


def _parts(of: object, names: Sequence[str]) -> list[Part]:
    return [
        Part(name, number, f"{number:,} {name}") for name in names if (number := getattr(of, name))
    ]


def _state_strip(proof: Proof) -> Markup:
    certificate = proof.certificate
    return strip(
        _parts(certificate, _STATES),
        whole=certificate.intended,
        title="Where the readers stand",
        desc=certificate.sentence,
    )


def _state_rows(proof: Proof) -> list[Row]:
    certificate = proof.certificate
    return [
        Row(
            name=name,
            number=getattr(certificate, name),
            share=told.share(getattr(certificate, name), certificate.intended),
            note=told.MEANINGS[name],
        )
        for name in _STATES
    ]


def _fate_rows(proof: Proof) -> list[Row]:
    tally = proof.figures.tally
    return [
        Row(
            name=name,
            number=getattr(tally, name),
            share=told.share(getattr(tally, name), tally.accepted),
            note=told.FATES[name],
        )
        for name in _FATES
    ]


def _deeds(proof: Proof) -> list[Row]:
    """Return the road from accepted to read, each step with what its share is of."""
    tally, acts = proof.figures.tally, proof.figures.acts
    steps = (
        ("accepted", tally.accepted, proof.certificate.intended, "intended", ""),
        ("delivered", tally.delivered, tally.accepted, "accepted", ""),
        ("opened", acts.opened, tally.delivered, "delivered", _beside(acts.machine_opened)),
        ("clicked", acts.clicked, tally.delivered, "delivered", _beside(acts.machine_clicked)),
        ("unsubscribed", acts.unsubscribed, tally.delivered, "delivered", ""),
    )
    return [
        Row(
            name=name,
            number=number,
            share=told.share(number, whole),
            of=of,
            note=note,
            strip=strip(
                [Part("person", number)],
                whole=max(proof.certificate.intended, 1),
                title=f"{number:,} of {proof.certificate.intended:,} readers {name}",
            ),
        )
        for name, number, whole, of, note in steps
    ]


def _beside(machines: int) -> str:
    return f"not counted: {machines:,} where only a machine did" if machines else ""


def _window(figures: Figures) -> tuple[tuple[Hour, ...], int]:
    """Return the hours to show, as few as hold nearly all that readers did, and their places."""
    hours = figures.hours

    def deeds(some: Sequence[Hour]) -> int:
        return sum(hour.opened + hour.clicked for hour in some)

    whole = deeds(hours) + deeds((figures.later,))
    for window in _WINDOWS:
        if deeds(hours[:window]) >= _MOST * whole and (whole or len(hours) <= window):
            return hours[:window], window
    return hours[: _WINDOWS[-1]], _WINDOWS[-1]


def _later(figures: Figures, shown: int) -> Hour:
    rest = (*figures.hours[shown:], figures.later)
    names = ("accepted", "delivered", "opened", "clicked")
    return Hour(**{name: sum(getattr(hour, name) for hour in rest) for name in names})


def _courses(figures: Figures, shown: Sequence[Hour], slots: int) -> list[Course]:
    courses = []
    for name in ("accepted", "delivered", "opened", "clicked"):
        numbers = [getattr(hour, name) for hour in shown]
        total = sum(getattr(hour, name) for hour in (*figures.hours, figures.later))
        if not total:
            continue
        peak = max(numbers, default=0)
        where = told.after(numbers.index(peak)) if peak else ""
        courses.append(
            Course(
                name=name,
                total=total,
                peak=f"{peak:,} {where}" if peak else "",
                columns=columns(
                    numbers,
                    slots=slots,
                    title=f"Mails {name}, hour by hour",
                    desc=f"{total:,} in all, at most {peak:,}, {where}",
                ),
            )
        )
    return courses


def _ticks(figures: Figures, slots: int, publication: Publication) -> list[tuple[float, str, str]]:
    """Return place in percent, hours after the beginning, and the clock then."""
    if not figures.began:
        return []
    step = slots // 4
    return [
        (
            100 * hour / slots,
            "Start" if not hour else f"+{hour}\u00a0h",
            told.clock(figures.began, hour, publication.timezone),
        )
        for hour in range(0, slots, step)
    ]


def _stories(proof: Proof) -> list[Row]:
    most = max((story.readers for story in proof.stories), default=0)
    clicked = proof.figures.acts.clicked
    return [
        Row(
            name=story.title,
            number=story.readers,
            share=told.share(story.readers, clicked) if story.readers else "",
            note=story.section,
            language=story.language,
            strip=strip(
                [Part("person", story.readers)],
                whole=most,
                title=f"{story.readers:,} readers",
            ),
        )
        for story in proof.stories
    ]


def _links(proof: Proof) -> list[Row]:
    return [Row(name=link.link, number=link.readers) for link in proof.links if link.readers][
        :_LINKS
    ]


def _boxes(figures: Figures) -> list[Box]:
    """Return the largest providers, those in trouble however small, and the rest as one."""
    named = [one for one in figures.providers if one.name != OTHERS]
    shown = named[:_PROVIDERS] + [one for one in named[_PROVIDERS:] if one.troubled][:_PROVIDERS]
    kept = {one.name for one in shown}
    rest = [one for one in figures.providers if one.name not in kept]
    if rest:
        sums = {name: sum(getattr(one, name) for one in rest) for name in Provider.FIGURES}
        shown.append(Provider(name="all other domains", domains=(), reason="", **sums))
    return [
        Box(
            provider=one,
            share=told.share(one.delivered, one.mails),
            strip=strip(
                _parts(one, _FATES),
                whole=one.mails,
                title=f"{one.name}: {_rest(one) or 'all well'}",
            ),
            rest=_rest(one),
            advice=_marked(advice(one)) if one.name in kept else Markup(),
        )
        for one in shown
    ]


def _rest(one: Provider) -> str:
    return ", ".join(f"{number:,} {name}" for name in _FATES[1:] if (number := getattr(one, name)))
