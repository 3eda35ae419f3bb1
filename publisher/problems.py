"""Problems: what an editor should know but what must not stop the work."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a problem is: errors block sending, warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place on a page of a paged edition, in millimetres from its top left corner."""

    edition: str
    page: int  #: 1-based
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding, with the place an editor would look for it."""

    message: str  #: one sentence that says what is wrong and what to do
    severity: Severity = Severity.WARNING
    article: str = ""  #: slug of the article, if it is about one
    page: int | None = None  #: 1-based page of the magazine, if known
    source: str = ""  #: name of the source, for what happened while collecting
    spot: Spot | None = None  #: where on the page it shows, if known
    check: str = ""  #: which check found it, by its name in [preflight]; empty: none of them
    subject: str = ""  #: the words or the file it is about, to find the place on the page by

    @property
    def where(self) -> str:
        """The page in words; of another edition than the magazine, with its name."""
        if not self.page:
            return ""
        other = self.spot is not None and self.spot.edition != "magazine"
        return (
            f"{self.spot.edition} page {self.page}" if self.spot and other else f"page {self.page}"
        )

    def __str__(self) -> str:
        place = [self.source, self.article, self.where]
        where = ", ".join(part for part in place if part)
        return f"{where}: {self.message}" if where else self.message
