"""Clicks and opens: by people, or by machines that read mail before them.

A mail filter follows links at once, many in a second, or all there are. Only all of a
reader's clicks together tell that; so the verdict is a function of their set, whatever
the order they come to be known in.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

AT_ONCE = 5  #: seconds after delivery in which nobody has read anything yet
IN_A_SECOND = 4  #: clicks that no hand makes
_ALL_WITHIN = 60  #: seconds in which nobody follows every link of a mail
_ALL_OF = 3  #: links a mail must have for that to mean anything

_SCANNERS = re.compile(
    r"barracuda|mimecast|proofpoint|ironport|fire ?eye|trellix|forcepoint|messagelabs|symantec"
    r"|sophos|bitdefender|trend ?micro|checkpoint|avanan|zscaler|fortiguard|fortinet|cloudmark"
    r"|trustwave|vade ?secure|safelinks|existence discovery|url ?defen[cs]e|phishtank|virustotal"
    r"|urlscan|antivirus|scanner|(?<!cu)bot\b|crawler|spider|facebookexternalhit|embedly|preview"
    r"|headless|phantomjs|curl/|wget/|libwww|python|go-http-client|java/|okhttp|node-fetch|axios"
    r"|httpclient|apache-http|ruby|perl",
    re.IGNORECASE,
)
_HREF = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*["']?(https?://[^"'\s>]+)""", re.IGNORECASE)


class Visit(NamedTuple):
    """One click."""

    link: str
    at: int  #: Unix seconds
    scanner: bool  #: the program says it is one, see `is_scanner`


@lru_cache(maxsize=16_384)
def is_scanner(agent: str) -> bool:
    """Whether a program's own name says that nobody is looking.

    Gmail's and Yahoo's image proxies fetch a picture when its reader opens the mail: they
    are no scanners. A bare "Mozilla/5.0" is what Apple's and Microsoft's machines send.
    """
    return agent.strip() in ("Mozilla/5.0", "Mozilla") or bool(_SCANNERS.search(agent[:500]))


def machines(visits: Sequence[Visit], *, delivered: int | None, links: int) -> list[bool]:
    """Tell for each of a reader's clicks on a mail whether a machine made it.

    `delivered` is when the mail was (Unix seconds), if that is known; `links` how many
    different ones the mail has.
    """
    each_second = Counter(visit.at for visit in visits)
    sweeps = _sweeps(visits, links)
    return [
        visit.scanner
        or (delivered is not None and visit.at < delivered + AT_ONCE)
        or each_second[visit.at] >= IN_A_SECOND
        or any(first <= visit.at <= last for first, last in sweeps)
        for visit in visits
    ]


def addresses(source: str) -> set[str]:
    """Return the addresses that a mail's HTML links to, but for those made for each reader."""
    found = (html.unescape(match[1]) for match in _HREF.finditer(source))
    return {address for address in found if "%%" not in address}


def _sweeps(visits: Sequence[Visit], links: int) -> list[tuple[int, int]]:
    """Return the stretches of a minute in which every link was followed."""
    if links < _ALL_OF or len(visits) < links:
        return []
    ordered = sorted(visits, key=lambda visit: visit.at)
    found: list[tuple[int, int]] = []
    inside: Counter[str] = Counter()
    first = 0
    for visit in ordered:
        inside[visit.link] += 1
        while visit.at - ordered[first].at > _ALL_WITHIN:
            inside[ordered[first].link] -= 1
            if not inside[ordered[first].link]:
                del inside[ordered[first].link]
            first += 1
        if len(inside) >= links:
            found.append((ordered[first].at, visit.at))
    return found
