"""Where an issue stands in public: the addresses that mails and pages link to."""

from dataclasses import dataclass
from urllib.parse import quote

from publisher.config import Publication
from publisher.content.article import Article
from publisher.week import Week


@dataclass(frozen=True)
class Links:
    """The public addresses of one issue; an edition that is not made has none ("")."""

    publication: Publication
    week: Week
    editions: tuple[str, ...] = ()  #: that are made of the issue, if not the publication's

    @property
    def made(self) -> tuple[str, ...]:
        """The editions that are made of the issue."""
        return self.editions or self.publication.editions.make

    @property
    def issue(self) -> str:
        """The issue's folder, with a slash at the end."""
        return f"{self.publication.public_url}/issues/{self.week}/"

    @property
    def web(self) -> str:
        """The web edition."""
        return self.issue if "web" in self.made else ""

    @property
    def pdf_name(self) -> str:
        """The PDF's file name; where only US Letter is made, that one's."""
        only_letter = "letter" in self.made and "magazine" not in self.made
        return self.letter_name if only_letter else f"{self.publication.slug}-{self.week}.pdf"

    @property
    def pdf(self) -> str:
        """The magazine."""
        pdf = {"magazine", "letter"} & set(self.made)
        return self.issue + self.pdf_name if pdf else ""

    @property
    def letter_name(self) -> str:
        """The file name of the magazine on US Letter."""
        return f"{self.publication.slug}-{self.week}-letter.pdf"

    @property
    def letter(self) -> str:
        """The magazine on US Letter."""
        return self.issue + self.letter_name if "letter" in self.made else ""

    @property
    def phone_name(self) -> str:
        """The phone edition's file name."""
        return f"{self.publication.slug}-{self.week}-phone.pdf"

    @property
    def phone(self) -> str:
        """The phone edition."""
        return self.issue + self.phone_name if "phone" in self.made else ""

    @property
    def epub_name(self) -> str:
        """The e-book's file name."""
        return f"{self.publication.slug}-{self.week}.epub"

    @property
    def epub(self) -> str:
        """The e-book."""
        return self.issue + self.epub_name if "epub" in self.made else ""

    @property
    def cover(self) -> str:
        """The cover as a picture."""
        return f"{self.issue}cover.jpg"

    @property
    def subscribe(self) -> str:
        """The page to subscribe at."""
        return f"{self.publication.public_url}/subscribe"

    @property
    def archive(self) -> str:
        """The page of all issues."""
        return f"{self.publication.public_url}/issues/"

    def share(self, slug: str) -> str:
        """A story's own address, which shows its headline and picture where it is shared."""
        return f"{self.issue}stories/{quote(slug)}.html"

    def picture(self, name: str) -> str:
        """A picture of the web or e-mail edition."""
        return f"{self.issue}pictures/{quote(name)}"

    def story(self, article: Article) -> str:
        """Where to read one article on: the web edition, else its own address, else the PDF."""
        return f"{self.web}#{article.slug}" if self.web else article.url or self.pdf
