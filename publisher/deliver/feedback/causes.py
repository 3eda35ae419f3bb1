"""Why a mail came back, and whom that is about: the reader's mailbox, the hour, or us.

The codes are RFC 3463's with the registry that RFC 5248 keeps; where servers give a
general code, or a wrong one, their words decide. When in doubt nobody is suppressed.
"""

import re
from enum import StrEnum

_WORDS_LIMIT = 4000  # characters looked at
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_REPLY = re.compile(r"(?<![\d.])([245][0-5]\d)(?=[ \-]|$)")


class Kind(StrEnum):
    """What a failure says about an address."""

    HARD = "hard"  #: there is no such mailbox, or it is closed
    SOFT = "soft"  #: it may be well next time
    OURS = "ours"  #: about us or about this mail: no reason to stop mailing the reader


#: subject and detail of a permanent failure (5.x.y) -> what it is about
_PERMANENT = {
    (1, 1): Kind.HARD,  # no such mailbox
    (1, 2): Kind.HARD,  # no such system
    (1, 3): Kind.HARD,  # not an address there
    (1, 4): Kind.SOFT,  # ambiguous
    (1, 6): Kind.HARD,  # moved, nobody knows whereto
    (1, 7): Kind.OURS,  # our address
    (1, 8): Kind.OURS,  # our domain
    (1, 9): Kind.OURS,  # relayed to a system that cannot tell what became of it
    (1, 10): Kind.HARD,  # the domain takes no mail (null MX, RFC 7505); Exchange: unknown
    (2, 1): Kind.HARD,  # disabled
    (2, 2): Kind.SOFT,  # full, however permanent it is called
    (2, 3): Kind.OURS,  # our mail is too long
    (2, 4): Kind.SOFT,  # a list behind it has trouble
    (3, 4): Kind.OURS,  # our mail is too big
}
#: subjects of which nothing is the reader's: the mail's own contents, and rules of admission
_NEVER_THE_READER = (6, 7)
#: codes that say nothing by themselves, or that servers use for anything
_GENERAL = {(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (4, 1), (4, 4), (5, 0)}

_FULL = re.compile(
    r"over ?quota|quota (is )?exceeded|exceed\w* (\w+ ){0,3}quota|(mailbox|inbox|user'?s? mail\w*)"
    r" (\w+ ){0,2}full|out of storage|not enough (disk )?space|insufficient (system )?storage"
    r"|(receiving|received) (mail|messages) (at a rate|too)|too (many|much) (mail|messages)"
    r"|temporar\w+|try again later",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"\b(spam|junk|unsolicited|bulk|phish\w*|virus|malware|black ?list\w*|block ?list\w*|rbl|dnsbl"
    r"|spamhaus|reputation|poor|polic(y|ies)|dmarc|dkim|spf|arc|reverse dns|ptr|rdns"
    r"|rate[- ]limit\w*|authenticat\w+|not authori[sz]ed|not permitted|relay\w*"
    r"|content|banned|blocked|complaint\w*|sender (address )?(rejected|verify|denied)"
    r"|access denied|message (size|too large)|too (large|big)|certificate|tls)\b",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(user|mailbox|recipient|account|address|addressee|alias|inbox)\b[^.;]{0,60}?"
    r"\b(unknown|not found|not exist\w*|n'?t (have|exist)|not known|invalid|disabled|inactive"
    r"|deactivated|closed|suspended|no longer (valid|in use|available|exists|active)"
    r"|not (a )?valid|not listed|(been|was) (deleted|removed))"
    r"|(unknown|no such|invalid|non-?existent|unrouteable|unroutable|inactive|disabled)"
    r" (local )?(user|mailbox|recipient|account|address|addressee|domain|person)"
    r"|no (mailbox|account|user|such \w+) (here|by that name|with that)"
    r"|(doesn'?t|does not) have (a|an) \S+ account|not a (known|valid) (user|recipient|mailbox)"
    r"|unknown to address|AS\(201806281\)|Recip(ient)?NotFound|user not local",
    re.IGNORECASE,
)
#: words that mean it only when nothing else is the matter
_GONE = re.compile(
    r"mailbox (is )?(unavailable|not available)|undeliverable address|nxdomain"
    r"|(host|domain)( or domain)?( name)? (was )?not found|domain does ?n[o']t exist"
    r"|all relevant MX records point to non-?existent",
    re.IGNORECASE,
)
_OUR_ADDRESS = re.compile(r"\bsender('s)? (address|domain|verif\w+|rejected|denied)", re.IGNORECASE)


def classify(
    status: str, diagnostic: str = "", smtp_code: int = 0, *, otherwise: Kind = Kind.SOFT
) -> Kind:
    """Return what a failed delivery says about the address.

    `status` is the enhanced code ("5.1.1") if one was given, `diagnostic` the remote
    server's words, `smtp_code` its reply (550), 0 if unknown; missing codes are looked
    for in the words. `otherwise` is what an undecided permanent failure is taken for, by
    callers who know more. 5.7.x is about us and never counts against a reader.
    """
    words = " ".join(diagnostic[:_WORDS_LIMIT].split())
    told = _digits(words)
    digits = _digits(status) or told
    if digits and told and digits[1:] == (0, 0) and digits[0] == told[0]:
        digits = told  # mail servers often sum up as 5.0.0 what the remote one told exactly
    if not digits:
        found = _REPLY.search(words)
        code = smtp_code or (int(found[1]) if found else 0)
        digits = (code // 100 if code else 5, 0, 0)
        if code in (552, 452, 422):
            return Kind.SOFT  # RFC 5321, 4.2.3: storage
    return _decided(digits, words, otherwise)


def status_in(text: str) -> str:
    """Return the first enhanced status code in a text, such as "5.1.1"; empty if there is none."""
    found = _digits(text)
    return ".".join(map(str, found)) if found else ""


def _decided(digits: tuple[int, int, int], words: str, otherwise: Kind) -> Kind:
    grade, subject, detail = digits
    if subject in _NEVER_THE_READER:
        return Kind.OURS
    if grade != 5 or _FULL.search(words):
        return Kind.SOFT
    if (subject, detail) in _GENERAL:
        return _by_words(words, otherwise)
    if subject == 5:  # protocol: our server and theirs do not understand each other
        return Kind.OURS
    return _PERMANENT.get((subject, detail), Kind.SOFT)


def _by_words(words: str, otherwise: Kind) -> Kind:
    if _OUR_ADDRESS.search(words):
        return Kind.OURS
    if _UNKNOWN.search(words):
        return Kind.HARD
    if _ABOUT_US.search(words):
        return Kind.OURS
    return Kind.HARD if _GONE.search(words) else otherwise


def _digits(text: str) -> tuple[int, int, int] | None:
    found = _STATUS.search(text[:_WORDS_LIMIT])
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
