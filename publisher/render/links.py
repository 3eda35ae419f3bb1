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

    @property
    def issue(self) -> str:
        """The issue's folder, with a slash at the end."""
        return f"{self.publication.public_url}/issues/{self.week}/"

    @property
    def web(self) -> str:
        """The web edition."""
        return self.issue if "web" in self.publication.editions.make else ""

    @property
    def pdf_name(self) -> str:
        """The PDF's file name."""
        return f"{self.publication.slug}-{self.week}.pdf"

    @property
    def pdf(self) -> str:
        """The magazine."""
        made = "magazine" in self.publication.editions.make
        return self.issue + self.pdf_name if made else ""

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

    def picture(self, name: str) -> str:
        """A picture of the web or e-mail edition."""
        return f"{self.issue}pictures/{quote(name)}"

    def story(self, article: Article) -> str:
        """Where to read one article on: the web edition, else its own address, else the PDF."""
        return f"{self.web}#{article.slug}" if self.web else article.url or self.pdf
