"""What is known of an issue's links: findings, kept for as long as they can be trusted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from publisher.config import Publication
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.problems import Problem, Severity
from publisher.render.preflight.addresses import addresses_in

MEMORY = "links.json"  #: in build/cache
GOOD_FOR, BAD_FOR = timedelta(days=7), timedelta(days=1)


class Standing(StrEnum):
    """What is known of an address."""

    GOOD = "good"
    DEAD = "dead"
    UNSURE = "unsure"  #: no answer, or one that says nothing of what readers would see


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What an address answered, and when."""

    standing: Standing
    reason: str = ""  #: of what is not good, to follow "the link ... "
    asked: datetime  #: aware

    def fresh(self, now: datetime) -> bool:
        """Whether it need not be asked again."""
        age = now - self.asked
        return timedelta() <= age < (GOOD_FOR if self.standing is Standing.GOOD else BAD_FOR)


def link_problems(
    issue: Issue, publication: Publication, findings: Mapping[str, Finding], now: datetime
) -> Iterator[Problem]:
    """Yield what is known of an issue's links that is not good; what is long ago counts no more."""
    for slug, address in addresses_in(issue, publication.public_url):
        finding = findings.get(address)
        if finding is None or finding.standing is Standing.GOOD or not finding.fresh(now):
            continue
        dead = finding.standing is Standing.DEAD
        advice = "mend it or take it out" if dead else "try it in your browser"
        yield Problem(
            message=f"the link {address} {finding.reason}: {advice}",
            severity=Severity.ERROR if dead else Severity.WARNING,
            article=slug,
            check="dead_links" if dead else "unsure_links",
            subject=address,
        )


def remembered(issue: Issue) -> dict[str, Finding]:
    """Return what earlier questions found, by address."""
    try:
        raw = json.loads(_memory(issue).read_text(encoding="utf-8"))
        return {
            address: Finding(
                standing=Standing(one["standing"]),
                reason=one["reason"],
                asked=datetime.fromisoformat(one["asked"]),
            )
            for address, one in raw.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # asking again costs nothing but time


def remember(issue: Issue, memory: Mapping[str, Finding]) -> None:
    """Keep what was found, for `remembered`."""
    rows = {a: asdict(f) | {"asked": f.asked.isoformat()} for a, f in sorted(memory.items())}
    path = _memory(issue)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, json.dumps(rows, indent=1, ensure_ascii=False))


def _memory(issue: Issue) -> Path:
    return issue.build_folder / "cache" / MEMORY
