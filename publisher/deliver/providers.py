"""Mailbox providers: which domains are one and the same, and what an operator does about them.

A provider that blocks us blocks all its domains. Domains of firms that have their mail
hosted by one are told by themselves: only their MX records would tell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

OTHERS = "others"
#: of a provider's mails, the part not delivered from which on it is trouble, and of how many
_TROUBLE, _ENOUGH = 0.05, 20
#: complaints per delivered mail: Gmail's and Yahoo's goal, and what must never be reached
GOAL, LIMIT = 0.001, 0.003
_FEW = 2  #: complaints that say nothing yet of a small list

_TLD = r"(?:com|net|[a-z]{2}|com?\.[a-z]{2})"
_FAMILIES = (
    ("Gmail", r"gmail\.com|googlemail\.com"),
    (
        "Outlook",
        rf"(?:outlook|hotmail|live)\.{_TLD}|msn\.com|windowslive\.com|passport\.com",
    ),
    ("Yahoo", rf"yahoo\.{_TLD}|ymail\.com|rocketmail\.com|aol\.{_TLD}|aim\.com"),
    ("iCloud", r"icloud\.com|me\.com|mac\.com"),
    ("Proton", r"proton(?:mail)?\.(?:me|com|ch)|pm\.me"),
    ("GMX and WEB.DE", rf"gmx\.{_TLD}|web\.de"),
    ("Orange", r"orange\.fr|wanadoo\.fr"),
    ("Mail.ru", r"(?:mail|bk|inbox|list|internet)\.ru"),
    ("Yandex", rf"yandex\.{_TLD}|ya\.ru"),
)
_KNOWN = re.compile("|".join(f"(?P<_{n}>{domains})" for n, (_, domains) in enumerate(_FAMILIES)))
#: where a provider tells senders how it sees them, and hears them
DESKS: Mapping[str, str] = {
    "Gmail": "https://postmaster.google.com/",
    "Outlook": "https://sendersupport.olc.protection.outlook.com/",
    "Yahoo": "https://senders.yahooinc.com/",
}
#: numbers, addresses, names of servers: what a server puts into the same sentence each time
_OWN_WORD = re.compile(r"[\d@\[\]]|\w\.\w")


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A mailbox provider, or a domain that has its own, and what became of its readers' mails."""

    FIGURES: ClassVar[tuple[str, ...]] = (
        *("delivered", "deferred", "blocked", "dropped", "bounced", "unheard"),
        *("opened", "clicked", "complained"),
    )

    name: str  #: such as Gmail or example.org; `OTHERS` for what is too small
    domains: tuple[str, ...]  #: the largest first
    delivered: int
    deferred: int
    blocked: int
    dropped: int
    bounced: int
    unheard: int
    opened: int
    clicked: int
    complained: int
    reason: str  #: what it said most often of mails it did not take

    @property
    def mails(self) -> int:
        """Mails to its readers that were accepted for delivery."""
        return self.delivered + self.failed + self.unheard

    @property
    def failed(self) -> int:
        """Those that did not arrive, or not yet."""
        return self.deferred + self.blocked + self.dropped + self.bounced

    @property
    def troubled(self) -> bool:
        """Whether so many did not arrive that it can hardly be the readers' doing."""
        return self.mails >= _ENOUGH and self.failed >= _TROUBLE * self.mails


def family_of(domain: str) -> str:
    """Return the provider of a domain in small letters, or the domain itself."""
    found = _KNOWN.fullmatch(domain)
    return _FAMILIES[int(str(found.lastgroup)[1:])][0] if found else domain


def spoken_reason(reason: str) -> str:
    """Return a server's words without what differs from mail to mail, to count those alike."""
    codes, words = reason.split()[:2], reason.split()[2:]
    return " ".join((*codes, *("…" if _OWN_WORD.search(word) else word for word in words)))


def advice(provider: Provider) -> str:
    """Say what to do about a provider that takes too little; empty where all is well."""
    if not provider.troubled or provider.name == OTHERS:
        return ""
    name, mails = provider.name, provider.mails
    if provider.deferred * 2 > provider.failed:
        return (
            f"{name} puts off {provider.deferred:,} of {mails:,}: they are tried again for up to"
            " three days. If it happens every week, send more slowly (`per_minute` in [delivery])."
        )
    where = f", and ask at {DESKS[name]}" if name in DESKS else ""
    quoted = f'"{name}"' if " " in name else name
    return (
        f"{name} did not take {provider.failed:,} of {mails:,}: read its reason, see that SPF, DKIM"
        f" and DMARC are right{where}. Then `publisher retry --provider {quoted}` mails those"
        " readers once more."
    )


def complaint_level(complained: int, delivered: int) -> str:
    """Return "good" below Gmail's goal of 0.1 %, "watch" up to its limit of 0.3 %, then "bad"."""
    rate = complained / delivered if delivered else 0.0
    return "good" if rate < GOAL else "watch" if rate < LIMIT else "bad"


def complaint_sentence(complained: int, delivered: int) -> str:
    """Say how complaints stand to what mailbox providers put up with, and what to do."""
    if not delivered:
        return "Nothing is known of complaints: nobody has told us of a delivery."
    level = complaint_level(complained, delivered)
    told = f"{complained:,} of {delivered:,} delivered were reported as spam"
    rate = f"{100 * complained / delivered:.2f} %"
    known = " Gmail tells nobody who complained: see its rate at https://postmaster.google.com/."
    if not complained:
        return f"Nobody reported the issue as spam.{known}"
    if level == "good":
        return f"{told} ({rate}), below the 0.1 % that Gmail and Yahoo ask for.{known}"
    if complained <= _FEW and delivered < 1000 * _FEW:
        return (
            f"{told} ({rate}). Gmail and Yahoo ask for less than 0.1 %, but among so few readers a"
            f" single complaint weighs much: see whether it happens again.{known}"
        )
    if level == "watch":
        return (
            f"{told} ({rate}): above the 0.1 % that Gmail and Yahoo ask for, below the 0.3 % at"
            f" which they put mail among the spam. Put the unsubscribe link where it is seen"
            f" first, and write to nobody who has not asked for it.{known}"
        )
    return (
        f"{told} ({rate}): at 0.3 % Gmail and Yahoo begin to put all your mail among the spam."
        " Find out which import these readers came by and take it off the list; mail for some"
        f" weeks only those who opened lately.{known}"
    )
