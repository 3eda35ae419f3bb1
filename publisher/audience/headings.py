"""Which column holds what: headings as people write them in English, French and Arabic."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from publisher.audience.addresses import parse_address
from publisher.config import Form
from publisher.errors import AudienceError


def _plain(heading: str) -> str:
    """Return a heading without case, accents, spaces and signs: "E-Mail " is "email"."""
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in letters if not unicodedata.combining(c)))


_HEADINGS = {
    "email": """email; e-mail address; mail; mail address; email id; subscriber email; courriel;
        adresse e-mail; adresse mail; adresse courriel; adresse électronique; mél;
        البريد الإلكتروني; بريد إلكتروني; البريد; عنوان البريد الإلكتروني; الإيميل; إيميل""",
    "name": """name; full name; display name; contact name; nom complet; nom et prénom;
        prénom et nom; الاسم; الاسم الكامل; الاسم واللقب""",
    "first_name": """first name; first; given name; forename; fname; prénom; الاسم الأول;
        الاسم الشخصي""",
    "last_name": """last name; last; surname; family name; lname; nom; nom de famille;
        اللقب; اسم العائلة; الاسم العائلي""",
    "language": "language; lang; locale; langue; اللغة; لغة",
    "pdf": "pdf; pdf delivery; attachment; pièce jointe; envoi du pdf; مرفق; المرفق",
    "status": """status; state; subscription status; statut; état; الحالة""",
}
ROLES = tuple(_HEADINGS)
_ROLE_OF = {
    _plain(heading): role for role, text in _HEADINGS.items() for heading in text.split(";")
}
#: what our own exports and lists of rejected rows add, and other programs' row numbers
_IGNORED = frozenset(
    map(_plain, ("since", "confirmed", "rejected line", "rejected because", "id", "uuid"))
)
FIELD_PREFIX = "fields."  #: marks a column whose heading would be taken for one of ours
_MOST_FIELDS = 50

_OPTED_OUT = """unsubscribed; unsub; opted out; optout; cleaned; bounced; complained; spam; blocked;
    blocklisted; blacklisted; disabled; désabonné; désabonnée; désinscrit; désinscrite; bloqué;
    ملغى; غير مشترك; ألغى الاشتراك; محظور"""
_ACTIVE = """; active; subscribed; enabled; confirmed; abonné; abonnée; inscrit; inscrite; actif;
    active; yes; oui; مشترك; نشط; مفعل"""
_STATUS = {_plain(word): True for word in _ACTIVE.split(";")} | {
    _plain(word): False for word in _OPTED_OUT.split(";")
}


_FORM_WORDS = {
    Form.LINK: "link; linked; url; lien; رابط",
    Form.ATTACH: "attach; attached; attachment; joint; pièce jointe; مرفق",
    Form.TEXT: "text; plain; plain text; text only; texte; texte seul; texte brut; نص; نص فقط",
}
_FORM_OF = {_plain(word): form for form, text in _FORM_WORDS.items() for word in text.split(";")}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The place of each value in a row, from 0; None for what the file does not have."""

    email: int
    name: int | None = None
    first_name: int | None = None
    last_name: int | None = None
    language: int | None = None
    pdf: int | None = None  #: how they want the issue
    status: int | None = None
    fields: tuple[tuple[str, int], ...] = ()  #: all other columns: name and place
    heading: bool = True  #: whether the first row is a heading and not a reader


def find_columns(first: Sequence[str], chosen: Mapping[str, str]) -> Columns:
    """Say what each column holds, from the first row of a file.

    `chosen` maps a role (one of `ROLES`) or the name of a field of the reader to the
    heading it has in this file; what is not chosen is guessed. A first row that holds
    an e-mail address is a reader already. Raises `AudienceError` naming the headings if
    there is no column of addresses.
    """
    if not chosen and (place := _place_of_address(first)) is not None:
        return Columns(email=place, heading=False)
    places: dict[str, int] = {}
    fields: dict[str, int] = {}
    plain = [_plain(heading) for heading in first]
    for role, heading in chosen.items():
        if _plain(heading) not in plain:
            raise AudienceError(
                f'there is no column "{heading}" in the file: it has {_listed(first)}'
            )
        (places if role in ROLES else fields)[role] = plain.index(_plain(heading))
    taken = {*places.values(), *fields.values()}
    for place, heading in enumerate(first):
        if place in taken or not heading or plain[place] in _IGNORED:
            continue
        role = _ROLE_OF.get(plain[place], "")
        if role and role not in places:
            places[role] = place
        elif len(fields) < _MOST_FIELDS:
            fields.setdefault(heading.removeprefix(FIELD_PREFIX)[:100], place)
    if "email" not in places:
        raise AudienceError(
            f"no column of the file is known to hold e-mail addresses: it has {_listed(first)};"
            " say which one it is with --column email=HEADING"
        )
    return Columns(
        email=places["email"],
        name=places.get("name"),
        first_name=places.get("first_name"),
        last_name=places.get("last_name"),
        language=places.get("language"),
        pdf=places.get("pdf"),
        status=places.get("status"),
        fields=tuple(fields.items()),
    )


@lru_cache(maxsize=1000)
def is_active(status: str) -> bool | None:
    """Say whether a status as other programs export it means "mail them"; None: not known."""
    return _STATUS.get(_plain(status))


@lru_cache(maxsize=1000)
def read_form(text: str) -> Form | None:
    """Return how a reader wants the issue; None if nothing is said. Raises `AudienceError`."""
    if not text.strip():
        return None
    form = _FORM_OF.get(_plain(text))
    if form is None:
        raise AudienceError(
            f'"{text[:40]}" does not say how they want the PDF: write link, attach or text,'
            " or leave it empty"
        )
    return form


def is_ours(heading: str) -> bool:
    """Say whether a heading means something of its own to `find_columns`."""
    plain = _plain(heading)
    return not plain or plain in _IGNORED or plain in _ROLE_OF or heading.startswith(FIELD_PREFIX)


def _place_of_address(row: Sequence[str]) -> int | None:
    for place, cell in enumerate(row):
        if "@" in cell:
            try:
                parse_address(cell)
            except AudienceError:
                continue
            return place
    return None


def _listed(headings: Sequence[str]) -> str:
    shown = ", ".join(f'"{heading[:40]}"' for heading in headings[:12])
    return f"{shown} and {len(headings) - 12} more" if len(headings) > 12 else shown
