"""The mails to the editors: the draft is ready, the issue is held."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render import Rendered
from publisher.render.message import Parts, publication_of, render_message
from publisher.week import Week

_LABELS = {"magazine": "The magazine (PDF)", "email": "The e-mail", "web": "The web edition"}


@dataclass(frozen=True, kw_only=True)
class MadeEdition:
    """An edition as an editor hears of it."""

    label: str
    pages: int
    size: str  #: of the edition's first file


def draft_notice(
    env: ImmutableSandboxedEnvironment,
    issue: Issue,
    rendered: Iterable[Rendered],
    problems: Sequence[Problem],
    *,
    send_at: dt.datetime | None = None,
    preview_url: str = "",
) -> Parts:
    """Write the mail that shows the editors a draft: what was made, what is wrong, what to do.

    `send_at` is when the issue is due, aware, in the publication's zone.
    """
    return render_message(
        env,
        "draft",
        issue=issue,
        made=[_made(edition) for edition in rendered],
        errors=[p for p in problems if p.severity is Severity.ERROR],
        warnings=[p for p in problems if p.severity is not Severity.ERROR],
        approval=publication_of(env).schedule.approval.value,
        due=_moment(send_at) if send_at else "",
        preview_url=preview_url,
    )


def held_notice(
    env: ImmutableSandboxedEnvironment,
    week: Week,
    reason: str,
    *,
    number: int | None = None,
    steps: Sequence[str] = (),
    commands: Sequence[str] = (),
    preview_url: str = "",
) -> Parts:
    """Write the mail that tells the editors why an issue waits and what to do.

    `steps` are sentences, `commands` are to be typed as they stand.
    """
    return render_message(
        env,
        "held",
        week=week,
        number=number,
        reason=reason,
        steps=steps,
        commands=commands,
        preview_url=preview_url,
    )


def _made(edition: Rendered) -> MadeEdition:
    size = edition.files[0].stat().st_size
    return MadeEdition(
        label=_LABELS.get(edition.edition, edition.edition),
        pages=edition.pages,
        size=f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} KB",
    )


def _moment(value: dt.datetime) -> str:
    return f"{value:%A} {value.day} {value:%B} at {value:%H:%M} ({value.tzinfo})"
