"""The page of charts: a proof -> one HTML file without anything beside it, and without names."""

import base64
import re
from pathlib import Path

from markupsafe import Markup

from publisher.config import Publication
from publisher.content.files import save
from publisher.deliver.providers import GOAL, LIMIT, complaint_sentence
from publisher.pipeline.desk import Desk
from publisher.pipeline.telling import hours as course
from publisher.pipeline.telling import rows as rows
from publisher.pipeline.telling import words as told
from publisher.pipeline.telling.proof import Proof
from publisher.render.faces import faces_for
from publisher.render.folders import STATIC
from publisher.render.strips import gauge
from publisher.render.templates import environment, render
from publisher.week import Week

FILE = "figures.html"
_DOUBTS = 12  #: told one by one
_FACE = re.compile(r"url\(([\w.-]+\.woff2)\)")


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
    shown, slots = course.window(figures)
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
        states=rows.state_rows(proof),
        state_strip=rows.state_strip(proof),
        settlements=[
            (one.at.astimezone(zone), told.settlement(one))
            for one in certificate.settlements[:_DOUBTS]
        ],
        more_settlements=max(0, len(certificate.settlements) - _DOUBTS),
        fates=rows.fate_rows(proof),
        fate_strip=rows.fate_strip(proof),
        deeds=rows.deeds(proof),
        key_figures=rows.key_figures(proof),
        courses=course.courses(figures, shown, slots),
        ticks=course.ticks(figures, slots, zone),
        hours=[(told.clock(figures.began, n, zone), hour) for n, hour in enumerate(shown)]
        if figures.began
        else [],
        later=course.later(figures, len(shown)),
        pace=told.pace(figures, zone),
        stories=rows.stories(proof),
        links=rows.links(proof),
        boxes=rows.boxes(figures),
        complaint=rows.marked(complaint_sentence(acts.complained, tally.delivered)),
        complaint_share=told.share(acts.complained, tally.delivered),
        gauge=gauge(
            acts.complained / tally.delivered if tally.delivered else 0.0,
            top=0.004,
            marks=(GOAL, LIMIT),
            title="Complaints per delivered mail, on a scale to 0.4 %",
            desc=f"{acts.complained:,} of {tally.delivered:,} delivered mails",
        ),
        nobody_tells=rows.marked(told.NOBODY_TELLS),
    )


def _styles(publication: Publication, text: str) -> list[str]:
    """Return the magazine's style with its fonts inside."""
    own = publication.root / "templates" / "static" / "web.css"
    files = faces_for(set(text), publication)

    def inside(match: re.Match[str]) -> str:
        return f"url(data:font/woff2;base64,{base64.b64encode(files[match[1]]).decode()})"

    faces = _FACE.sub(inside, files["fonts.css"].decode())
    look = (own if own.is_file() else STATIC / "web.css").read_text(encoding="utf-8")
    return [faces, look]
