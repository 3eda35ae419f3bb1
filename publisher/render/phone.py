"""The phone edition: an issue as a PDF to be read on a phone without zooming."""

from collections.abc import Sequence
from dataclasses import replace

from publisher.config import Publication
from publisher.content.files import save
from publisher.content.issue import Issue
from publisher.problems import Problem
from publisher.render import Rendered
from publisher.render.binding import turned_out
from publisher.render.faults import problems_of
from publisher.render.leaf import Leaf
from publisher.render.magazine import MagazineBook, rendered
from publisher.render.pdf import Galley, Memo, Stock
from publisher.render.phone_links import with_footer_links
from publisher.render.phone_setting import PhoneSetting
from publisher.render.phone_sheet import PHONE
from publisher.render.press import Late, Order, Proof, flags, opening_tag, print_book
from publisher.render.signatures import Shelf, Signature
from publisher.render.templates import direction
from publisher.render.xmp import about


class Phone:
    """Makes {title}-{week}-phone.pdf in the issue's build folder."""

    name = "phone"

    def build(self, issue: Issue, publication: Publication) -> Rendered:
        """Make the phone edition; see `publisher.render.Edition`."""
        order = Order(maker=f"{__name__}:PhoneBook", issue=issue, publication=publication)
        book = PhoneBook(issue, publication)
        cache = issue.build_folder / "cache" / "phone"
        bound = print_book(order, book, about(issue, publication, book.phone.title), cache=cache)
        starts = sorted(set(bound.starts.values()) - {1})
        language = publication.language
        data = with_footer_links(
            bound.data,
            [leaf.name for leaf in bound.leaves],
            starts,
            book.phone.words(language),
            mirrored=direction(language) == "rtl",
        )
        path = issue.build_folder / f"{publication.slug}-{issue.week}-phone.pdf"
        save(path, data)
        return rendered(self.name, issue, bound, path)


class PhoneBook(MagazineBook):
    """An issue's phone edition, as the press asks for it.

    Its parts depend on the same things as the magazine's; they are set otherwise.
    """

    def __init__(self, issue: Issue, publication: Publication) -> None:
        super().__init__(issue, publication)
        self.phone = PhoneSetting(issue, publication, self._laid)
        self._stock: Stock | None = None
        self._memo = Memo()

    @property
    def problems(self) -> Sequence[Problem]:
        """What was found wrong while parts were made."""
        return (*self.phone.dresser.problems, *self.phone.plates.problems)

    def _laid(self, html: str) -> Sequence[Leaf]:
        stock = self._stock or Stock(base=self.base, roots=self.roots)
        return Galley(turned_out(html), stock, self._memo).lay()

    def print(self, part: str, stock: Stock, shelf: Shelf) -> Signature:
        """Set a place on its screens, and print it."""
        self._stock = stock
        place = self._places[part]
        html = self.phone.part(place)
        document = turned_out(self.phone.document([html], furniture=False))
        galley = Galley(document, stock, self._memo)
        last = galley.lay()[-1]
        signature, remarks = galley.sign(shelf)
        slugs = {article.slug for article in place.articles} | {""}
        problems = [problem for problem in self.problems if problem.article in slugs]
        problems += [self.problem(remark) for remark in remarks]
        problems += problems_of(signature.faults, place.article.slug)
        return replace(
            signature,
            problems=tuple(dict.fromkeys(problems)),
            furniture=flags(html),
            about={
                "room": round((1 - last.fill) * PHONE.type_height, 1),
                "credits": self.phone.dresser.credits,
                "opening": opening_tag(html),
            },
        )

    def late_key(self, proof: Proof) -> str:
        """Return all that the late parts depend on: here they tell how stories begin, too."""
        return f"{super().late_key(proof)} {self.phone.places!r}"

    def late(self, proof: Proof) -> Sequence[Late]:
        """Return cover, contents and back, and at the foot of last screens the way on."""
        phone, notes = self.phone, proof.notes
        credited = [credit for note in notes.values() for credit in note.get("credits", ())]
        cover, contents, *_, back = self.parts
        made = [
            Late(cover, phone.front()),
            Late(contents, phone.contents()),
            Late(back, phone.back(credited)),
        ]
        for name, place in self._places.items():
            card = phone.card(place, float(notes.get(name, {}).get("room", 0.0)))
            if card:
                opening, _, element = str(notes[name]["opening"]).partition("\0")
                made.append(Late(f"{name}+", f"{opening}{card}</{element}>", over=name))
        return made

    def document(self, parts: Sequence[str], *, furniture: bool = True) -> str:
        """Return parts as one HTML document."""
        return self.phone.document(parts, furniture=furniture)
