"""The one Jinja2 environment: the publication's templates first, then ours; themes before all."""

import datetime as dt
from functools import partial
from pathlib import PurePath
from typing import Any

from jinja2 import (
    BytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.config import Publication
from publisher.content import locales
from publisher.content.typography import typeset
from publisher.errors import RenderError
from publisher.render import colour, plain, rtl
from publisher.render.folders import STATIC, TEMPLATES, own_templates, template_folders
from publisher.render.words import words

__all__ = ("STATIC", "TEMPLATES", "day", "direction", "environment", "number", "render")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which knows nothing of files: a path in the context would open them all."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, PurePath) and attr not in ("name", "stem", "suffix"):
            return False
        return super().is_safe_attribute(obj, attr, value)


class _Compiled(BytecodeCache):
    """Templates compiled once in this process, whatever environment asks for them.

    Jinja itself compares the source, so an edited template is compiled anew.
    """

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get(bucket.key)
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment(publication: Publication) -> ImmutableSandboxedEnvironment:
    """Return the environment in which every template of this publication is rendered.

    A file of the same name in the publication's own templates/ wins over ours, and one in
    the theme's folder over one beside it; see `template_folders`. Editors write templates,
    so they run in Jinja's sandbox; a name that is not there is an error.
    """
    env = _Sandbox(
        loader=FileSystemLoader(template_folders(publication)),
        autoescape=select_autoescape(("html", "xml", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_COMPILED,
    )
    env.globals["publication"] = publication
    env.filters["day"] = day
    env.filters["number"] = number
    env.filters["direction"] = direction
    env.filters["counter_style"] = locales.counter_style
    env.filters["apart"] = partial(rtl.apart, language=publication.language)
    env.filters["numerals"] = partial(locales.numerals, language=publication.language)
    env.globals["words"] = words(publication.language, TEMPLATES, own_templates(publication))
    env.globals["rule"] = plain.rule
    env.filters["typeset"] = typeset
    env.filters["line"] = plain.line
    env.filters["wrap"] = plain.wrap
    env.filters["legible"] = colour.legible
    env.filters["ink_on"] = colour.ink_on
    return env


def render(env: ImmutableSandboxedEnvironment, name: str, **context: Any) -> str:
    """Render one template; raise `RenderError` naming the template and the line that is wrong."""
    try:
        return env.get_template(name).render(**context)
    except TemplateSyntaxError as error:
        raise RenderError(f"templates/{error.name}, line {error.lineno}: {error.message}") from None
    except TemplateNotFound as error:
        raise RenderError(f"there is no template {error.name}") from None
    except (UndefinedError, SecurityError) as error:
        raise RenderError(f"templates/{name}: {error.message}") from error
    except UnicodeDecodeError:
        raise RenderError(
            f"templates/{name} or a file it includes is not UTF-8: save it so"
        ) from None
    except RecursionError:
        raise RenderError(f"templates/{name}: it calls or includes itself without end") from None
    except MemoryError:
        raise RenderError(f"templates/{name}: it makes more text than this machine holds") from None
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # what an expression in a template may raise: 1/0, range(10**9), a filter's wrong argument
        raise RenderError(f"templates/{name}: {error}") from error


def direction(language: str) -> str:
    """Return "rtl" or "ltr" for a language tag."""
    return "rtl" if locales.is_rtl(language) else "ltr"


def day(value: dt.date, language: str = "en", pattern: str = "d MMMM yyyy") -> str:
    """Write a date in a language, by a CLDR pattern."""
    return locales.date(value, language, pattern)


def number(value: float, language: str = "en") -> str:
    """Write a number as the language does."""
    return locales.decimal(value, language)
