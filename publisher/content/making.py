"""One body in the making: what its blocks need, and what they leave."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from pymdownx.blocks.block import Block, type_integer

from publisher.content.body import Look, Medium
from publisher.content.typography import typeset
from publisher.problems import Problem, Severity


@dataclass
class Making:
    """One body in the making: what its blocks need, and what they leave."""

    slug: str
    language: str
    medium: Medium
    look: Look
    wanting: Severity = Severity.ERROR  #: how bad a picture without alt text or credit is
    data: Mapping[str, Any] = field(default_factory=dict)  #: the article's tables of figures
    home: Path | None = None  #: the article's folder, where its CSV files are
    options: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    #: nobody can write a mark that is made up anew for every body
    mark: str = field(default_factory=lambda: f"drawn-{secrets.token_hex(12)}-")

    def complain(
        self,
        message: str,
        severity: Severity = Severity.WARNING,
        *,
        check: str = "",
        subject: str = "",
    ) -> None:
        """Note a problem with this article; see `Problem` for check and subject."""
        self.problems.append(
            Problem(
                message=message, article=self.slug, severity=severity, check=check, subject=subject
            )
        )

    def keep(self, html: str) -> str:
        """Put finished HTML aside and return the id of the element that stands for it."""
        self.drawn.append(html)
        return f"{self.mark}{len(self.drawn) - 1}"

    def text(self, plain: str) -> str:
        """Typeset and escape plain text."""
        return escape(typeset(plain, self.language))


class MagazineBlock(Block):  # type: ignore[misc]  # pymdownx has no types
    """A block of ours, with the body it belongs to and its checked options."""

    ARGUMENT = None
    OPTIONS = {"n": (0, type_integer)}  # noqa: RUF012  # pymdownx reads it from the class

    @property
    def making(self) -> Making:
        """The body this block belongs to."""
        making: Making = self.config["making"]
        return making

    @property
    def asked(self) -> dict[str, Any]:
        """The options of this block."""
        asked: dict[str, Any] = self.making.options[self.options["n"]]
        return asked
