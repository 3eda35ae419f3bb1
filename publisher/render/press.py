"""The press: prints a paged edition part by part in warm worker processes, and binds it.

Each part (cover, contents, every article, back page) is set and printed by itself, kept by
the digest of all it depends on, and bound with the others: so an edit prints one part
anew. Parts that name page numbers are printed when all others have their pages.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.errors import RenderError
from publisher.problems import Problem, Severity
from publisher.render.archive import seal, written
from publisher.render.binding import Part, bind, turned_out
from publisher.render.fonts import Fonts
from publisher.render.leaf import Leaf
from publisher.render.pdf import Galley, Remark, Stock
from publisher.render.signatures import Shelf, Signature, read_problem
from publisher.render.stamps import digest, stamp
from publisher.render.workshop import Workshop, workshop
from publisher.render.xmp import About

_ROUNDS = 4  #: until the parts that name pages agree with the pages they take
_TO = re.compile(r' data-to="#([^"]+)"></span>')
_OPENING = re.compile(r"<(article|section|div)\b([^>]*)>")
_FLAG = re.compile(r'<div class="flag[^"]*">.*?</div>', re.DOTALL)
_NAMED = re.compile(r'\s(?:id|data-part)="[^"]*"')
#: a flag is printed over pages that stand already: what holds it must not show or take room
_HOLDER = (
    "page: auto; break-before: auto; break-after: auto; position: static; height: 1px;"
    " width: auto; margin: 0; padding: 0; border: 0; background: none; columns: auto; "
)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What late parts are told of the pages that stand already."""

    pages: Mapping[str, int]  #: anchor -> page, from 1
    notes: Mapping[str, Mapping[str, Any]]  #: part -> what its compositor remembered


@dataclass(frozen=True)
class Late:
    """A part printed when the pages of the others are known.

    With `over`, it is a filler on the foot of that part's last page.
    """

    name: str
    html: str
    over: str = ""
    said: tuple[str, ...] = ()  #: what is told of the part it lies over


class Book(Protocol):
    """A paged edition of one issue, as the press needs it. Each worker makes its own."""

    @property
    def base(self) -> Path:
        """The folder relative addresses are taken from."""
        ...

    @property
    def roots(self) -> Sequence[Path]:
        """The folders that may be read."""
        ...

    @property
    def parts(self) -> Sequence[str]:
        """The names of all parts in order, late ones among them."""
        ...

    def key(self, part: str) -> str:
        """Return all that a part's pages depend on as a text; empty for a late part."""
        ...

    def print(self, part: str, stock: Stock, shelf: Shelf) -> Signature:
        """Set a part and print it."""
        ...

    def late(self, proof: Proof) -> Sequence[Late]:
        """Return the late parts, and the fillers, as HTML."""
        ...

    def late_key(self, proof: Proof) -> str:
        """Return all that the late parts depend on as a text."""
        ...

    def document(self, parts: Sequence[str], *, furniture: bool = True) -> str:
        """Return parts as one HTML document, with or without flags and folios."""
        ...

    def problem(self, remark: Remark) -> Problem:
        """Tell an editor what the engine noticed."""
        ...

    def numeral(self, page: int) -> str:
        """Write a page number."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What was found wrong while parts were made."""
        ...


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker makes its book from."""

    maker: str  #: "module:Class"
    issue: Issue
    publication: Publication


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A finished edition and what is known of it."""

    data: bytes
    leaves: tuple[Leaf, ...]
    pages: Mapping[str, int]  #: anchor -> page, from 1
    problems: tuple[Problem, ...]
    notes: Mapping[str, Mapping[str, Any]]
    starts: Mapping[str, int]  #: part -> its first page
    keys: Mapping[str, str]  #: part -> digest of all its pages depend on


@dataclass(frozen=True)
class _Made:
    signature: Signature
    key: str


def print_book(
    order: Order, book: Book, about: About, *, cache: Path, shop: Workshop | None = None
) -> Bound:
    """Print all parts of a book that are not on the shelf in `cache`, and bind them.

    Raises `RenderError` if a part cannot be laid out.
    """
    shop, shelf = shop or workshop(), Shelf(cache)
    work = _Work(order, book, shelf, shop)
    early = work.early()
    late: dict[str, _Made] = {}
    fillers: dict[str, _Made] = {}
    counts: dict[str, int] = {}
    for _ in range(_ROUNDS):
        placed = {name: made.signature for name, made in (early | late).items()}
        proof = work.proof(placed)
        late, fillers = work.late(proof)
        found = {name: len(made.signature.leaves) for name, made in late.items()}
        if found == counts or (not counts and all(count == 1 for count in found.values())):
            break
        counts = found
    made = early | late
    signatures = {name: made[name].signature for name in book.parts if name in made}
    furniture = work.furniture(signatures)
    data, leaves, lost = _bound(book, signatures, fillers, furniture, shelf, about)
    used = [one.key for one in (*made.values(), *fillers.values())]
    shelf.clear(used)
    starts = _starts(signatures)
    problems = [*_problems(signatures, starts), *_problems_of(fillers, starts, signatures), *lost]
    return Bound(
        data=data,
        leaves=leaves,
        pages=_pages(signatures),
        problems=tuple(dict.fromkeys(problems)),
        notes={name: _told(one, work.said.get(name, ())) for name, one in signatures.items()},
        starts=starts,
        keys={name: one.key for name, one in made.items()},
    )


class _Work:
    """One book on its way through the workshop."""

    def __init__(self, order: Order, book: Book, shelf: Shelf, shop: Workshop) -> None:
        self._order, self._book, self._shelf, self._shop = order, book, shelf, shop
        self._stamp = stamp(order.publication)
        self.said: dict[str, tuple[str, ...]] = {}  #: of fillers, by what they lie over

    def early(self) -> dict[str, _Made]:
        """Print the parts that need no page numbers; the longest first."""
        keys = {name: self._book.key(name) for name in self._book.parts}
        wanted = {name: digest(self._stamp, name, key) for name, key in keys.items() if key}
        found: dict[str, _Made] = {}
        waiting: dict[str, Future[Signature]] = {}
        for name in sorted(wanted, key=lambda one: -len(keys[one])):
            kept = self._shelf.get(wanted[name])
            if kept is not None:
                found[name] = _Made(kept, wanted[name])
            else:
                waiting[name] = self._shop.submit(
                    print_part, self._order, name, self._shelf.folder, wanted[name]
                )
        for name, future in waiting.items():
            found[name] = _Made(self._shop.result(future), wanted[name])
        return {name: found[name] for name in self._book.parts if name in found}

    def proof(self, signatures: Mapping[str, Signature]) -> Proof:
        """Count pages; a late part not yet printed is thought to have one."""
        one = Signature(leaves=(_ONE,))
        whole = {name: signatures.get(name, one) for name in self._book.parts}
        starts = _starts(whole)
        pages = _pages(whole) | {n: starts[n] for n in self._book.parts if n not in signatures}
        return Proof(pages=pages, notes={name: found.about for name, found in signatures.items()})

    def late(self, proof: Proof) -> tuple[dict[str, _Made], dict[str, _Made]]:
        """Print the parts that name pages; return them, and the fillers by what they lie over."""
        made = self._made_late(proof)
        waiting: list[tuple[Late, str, Future[Signature] | None]] = []
        for late, problems in made:
            text = _numbered(late.html, proof.pages, self._book.numeral)
            document = turned_out(self._book.document([text], furniture=False))
            if late.over:
                document = _unpapered(document)
            key = digest(self._stamp, document, repr(problems))
            future = None
            if self._shelf.get(key) is None:
                future = self._shop.submit(
                    print_html, self._order, document, text, problems, self._shelf.folder, key
                )
            waiting.append((late, key, future))
        parts: dict[str, _Made] = {}
        fillers: dict[str, _Made] = {}
        for late, key, future in waiting:
            signature = self._shelf.get(key) if future is None else self._shop.result(future)
            if signature is None:
                raise RenderError("the build folder changes while it is used: try again")
            (fillers if late.over else parts)[late.over or late.name] = _Made(signature, key)
        return parts, fillers

    def _made_late(self, proof: Proof) -> Sequence[tuple[Late, tuple[Problem, ...]]]:
        """Return the late parts as HTML, as they were made for the same proof."""
        key = digest(self._stamp, "late", self._book.late_key(proof))
        kept = self._shelf.note(key)
        if kept is None:
            made = self._shop.result(self._shop.submit(make_late, self._order, proof))
            self._shelf.put_note(
                key, [[asdict(late), [asdict(one) for one in found]] for late, found in made]
            )
        else:
            made = tuple(
                (
                    Late(**raw | {"said": tuple(raw["said"])}),
                    tuple(read_problem(one) for one in found),
                )
                for raw, found in kept
            )
        self.said = {late.over: late.said for late, _ in made if late.over}
        return made

    def furniture(self, signatures: Mapping[str, Signature]) -> Signature:
        """Print flags and folios for all pages."""
        stubs = [
            _stub(leaf, signature.furniture)
            for signature in signatures.values()
            for leaf in signature.leaves
        ]
        names = sorted({leaf.name for one in signatures.values() for leaf in one.leaves} - {""})
        document = _unpapered(self._book.document(stubs), names)
        key = digest(self._stamp, document)
        kept = self._shelf.get(key)
        if kept is None:
            future = self._shop.submit(
                print_html, self._order, document, "", (), self._shelf.folder, key
            )
            kept = self._shop.result(future)
        return kept


_ONE = Leaf(number=1, name="", width=0, height=0, fill=0, anchors=())


# ---- what workers do ------------------------------------------------------------------


def print_part(book: Book, stock: Stock, part: str, folder: Path, key: str) -> Signature:
    """Set and print one part, and put it on the shelf."""
    shelf = Shelf(folder)
    signature = book.print(part, stock, shelf)
    shelf.put(key, signature)
    return signature


def print_html(
    book: Book,
    stock: Stock,
    document: str,
    part: str,
    problems: Sequence[Problem],
    folder: Path,
    key: str,
) -> Signature:
    """Print a part that is HTML already, and put it on the shelf."""
    shelf = Shelf(folder)
    galley = Galley(document, stock)
    galley.lay()
    signature, remarks = galley.sign(shelf)
    found = (*problems, *(book.problem(remark) for remark in remarks))
    signature = replace(signature, problems=tuple(dict.fromkeys(found)), furniture=flags(part))
    shelf.put(key, signature)
    return signature


def make_late(
    book: Book, stock: Stock, proof: Proof
) -> tuple[tuple[Late, tuple[Problem, ...]], ...]:
    """Return the parts that name pages, each with what was found wrong while it was made."""
    del stock
    made = book.late(proof)
    # which part a picture's fault belongs to is not known: the first one tells it
    problems = tuple(dict.fromkeys(book.problems))
    return tuple((late, problems if not place else ()) for place, late in enumerate(made))


# ---- pure helpers ----------------------------------------------------------------------


def opening_tag(part: str) -> str:
    """Return a bare copy of a part's outermost element: its opening tag, NUL and its name.

    It gives what is printed apart (running heads, fillers) the part's colours and language.
    """
    opening = _OPENING.search(part)
    if opening is None:
        return "<div>\0div"
    attributes = _NAMED.sub("", opening[2])
    if 'style="' in attributes:
        attributes = attributes.replace('style="', f'style="{_HOLDER}', 1)
    else:
        attributes += f' style="{_HOLDER}"'
    return f"<{opening[1]}{attributes}>\0{opening[1]}"


def flags(part: str) -> str:
    """Return the running heads of a part within a bare copy of its outermost element."""
    found = "".join(_FLAG.findall(part))
    tag, _, name = opening_tag(part).partition("\0")
    return f"{tag}{found}</{name}>" if found else ""


def _unpapered(document: str, names: Iterable[str] = ()) -> str:
    """Take the paper's colour from a document: what is printed over pages must not cover them."""
    clear = "".join(f"@page {name} {{ background: none }}" for name in ("", *names))
    return document.replace("</style>", f"{clear}</style>", 1)


def _stub(leaf: Leaf, furniture: str) -> str:
    """Return an empty page of a kind; a bare one has no margins to print in."""
    inner = "" if leaf.name == "bare" else furniture
    page = html.escape(leaf.name or "auto")
    return f'<div style="page: {page}; break-before: page; height: 1px">{inner}</div>'


def _numbered(part: str, pages: Mapping[str, int], numeral: Any) -> str:
    """Write page numbers where a part names them."""

    def written(match: re.Match[str]) -> str:
        page = pages.get(html.unescape(match[1]))
        return f">{numeral(page) if page else ''}</span>"

    return _TO.sub(written, part)


def _starts(signatures: Mapping[str, Signature]) -> dict[str, int]:
    found, page = {}, 1
    for name, signature in signatures.items():
        found[name] = page
        page += len(signature.leaves)
    return found


def _pages(signatures: Mapping[str, Signature]) -> dict[str, int]:
    """Return the first page of every anchor: it recurs wherever its element goes on."""
    found: dict[str, int] = {}
    for name, start in _starts(signatures).items():
        for anchor in signatures[name].anchors:
            found.setdefault(anchor.name, start + anchor.page)
    return found


def _bound(
    book: Book,
    signatures: Mapping[str, Signature],
    fillers: Mapping[str, _Made],
    furniture: Signature,
    shelf: Shelf,
    about: About,
) -> tuple[bytes, tuple[Leaf, ...], list[Problem]]:
    parts = [
        Part(signature=one, filler=fillers[name].signature if name in fillers else None)
        for name, one in signatures.items()
    ]
    pdf, lost = bind(parts, furniture, Fonts(shelf))
    problems = [Problem(message=f"a link points nowhere: #{name}", subject=name) for name in lost]
    problems += [
        Problem(message=f"the PDF is not archival: {remark}", severity=Severity.WARNING)
        for remark in seal(pdf, about)
    ]
    data = written(pdf)
    leaves = tuple(
        replace(leaf, number=number)
        for number, leaf in enumerate(
            (leaf for one in signatures.values() for leaf in one.leaves), 1
        )
    )
    return data, leaves, problems


def _told(signature: Signature, more: Sequence[str]) -> Mapping[str, Any]:
    """Return what is remembered of a part, with what is told of its foot."""
    note = signature.about
    return {**note, "said": [*note["said"], *more]} if more and "said" in note else note


def _problems(signatures: Mapping[str, Signature], starts: Mapping[str, int]) -> list[Problem]:
    return [
        _at(problem, starts[name] - 1)
        for name, one in signatures.items()
        for problem in one.problems
    ]


def _problems_of(
    fillers: Mapping[str, _Made], starts: Mapping[str, int], signatures: Mapping[str, Signature]
) -> list[Problem]:
    return [
        _at(problem, starts[name] + len(signatures[name].leaves) - 2)
        for name, one in fillers.items()
        for problem in one.signature.problems
    ]


def _at(problem: Problem, before: int) -> Problem:
    """Count a problem's page within the whole magazine."""
    spot = problem.spot
    if spot is not None:
        spot = replace(spot, page=spot.page + before)
    page = None if problem.page is None else problem.page + before
    return replace(problem, page=page, spot=spot)
