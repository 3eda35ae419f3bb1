"""What the finished files weigh."""

from collections.abc import Iterator, Sequence

from publisher.checks import Preflight
from publisher.problems import Problem, Severity
from publisher.render import Rendered

_PAGED = {"magazine": "magazine_mb", "letter": "magazine_mb", "phone": "phone_mb"}
#: editions that readers load; what is for a printing house may be as large as it must
_FOR_READERS = frozenset({*_PAGED, "epub"})


def file_problems(rendered: Sequence[Rendered], preflight: Preflight) -> Iterator[Problem]:
    """Yield the editions that are larger than readers with a thin line can bear."""
    for edition in rendered:
        size = edition.files[0].stat().st_size
        if edition.edition == "email":
            yield from _mail(size, preflight)
        if edition.edition not in _FOR_READERS:
            continue
        most, budget = preflight.most_mb, _PAGED.get(edition.edition)
        if size > most * 1e6:
            yield _too_large(edition, size, f"{most:g}, the most a reader is sent", "file_limit")
        elif budget and size > getattr(preflight, budget) * 1e6:
            yield _too_large(edition, size, f"its {getattr(preflight, budget):g}", "file_size")


def _mail(size: int, preflight: Preflight) -> Iterator[Problem]:
    if size > preflight.email_kb * 1000:
        yield Problem(
            message=f"the e-mail has {size / 1000:.0f} KB, more than its {preflight.email_kb}:"
            " shorten standfirsts, or leave articles out",
            severity=Severity.ERROR,
            check="file_size",
        )


def _too_large(edition: Rendered, size: int, most: str, check: str) -> Problem:
    return Problem(
        message=f"the {edition.edition} edition has {size / 1e6:.1f} MB, more than {most}:"
        " use fewer or smaller pictures",
        severity=Severity.ERROR,
        check=check,
    )
