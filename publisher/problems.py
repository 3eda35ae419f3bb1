"""Problems: what an editor should know but what must not stop the work."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a problem is: errors block sending, warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One finding, with the place an editor would look for it."""

    message: str  #: one sentence that says what is wrong and what to do
    severity: Severity = Severity.WARNING
    article: str = ""  #: slug of the article, if it is about one
    page: int | None = None  #: 1-based page of the magazine, if known
    source: str = ""  #: name of the source, for what happened while collecting

    def __str__(self) -> str:
        place = [self.source, self.article, f"page {self.page}" if self.page else ""]
        where = ", ".join(part for part in place if part)
        return f"{where}: {self.message}" if where else self.message
