"""What every paged edition's setting has: its words, its files, its parts as one document."""

from collections.abc import Sequence
from functools import cached_property

from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render.folders import STATIC, TEMPLATES, own_templates, template_folders
from publisher.render.templates import render
from publisher.render.words import words


class Wrapping:
    """The parts of a setting that do not depend on the size of its pages.

    `template` wraps the parts; `lexica` are the folders of templates/ whose words it uses,
    later ones first.
    """

    template: str
    lexica: tuple[str, ...]

    def __init__(self, issue: Issue, publication: Publication) -> None:
        self.issue, self.publication = issue, publication
        self._words: dict[str, dict[str, str]] = {}

    @cached_property
    def env(self) -> ImmutableSandboxedEnvironment:
        """The templates' environment with what the edition's templates use."""
        raise NotImplementedError

    def static(self, name: str) -> str:
        """Return the address of a file in static/ of the theme or the templates, theirs first."""
        paths = (folder / "static" / name for folder in template_folders(self.publication))
        return next((path for path in paths if path.is_file()), STATIC / name).resolve().as_uri()

    def words(self, language: str) -> dict[str, str]:
        """Return the edition's words in a language."""
        if language not in self._words:
            bases = (TEMPLATES, own_templates(self.publication))
            folders = [base / name for base in bases for name in ("", *self.lexica)]
            self._words[language] = words(language, *folders)
        return self._words[language]

    def document(self, parts: Sequence[str], *, furniture: bool = True) -> str:
        """Return parts as one HTML document, with flags and folios in the margins or without."""
        return render(
            self.env,
            self.template,
            furniture=furniture,
            parts=[Markup(part) for part in parts],  # noqa: S704 -- templates made them
            title=self.title,
        )

    @property
    def title(self) -> str:
        """The title and number, as a reader's window says it."""
        number = self.words(self.publication.language)["issue_number"]
        return f"{self.publication.title}, {number.format(number=self.issue.number)}"
