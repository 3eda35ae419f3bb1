"""A mail is a folder: templates/email/NAME/{subject.txt, body.html, body.txt}."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import css_inline
from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.config import Publication
from publisher.errors import RenderError
from publisher.render.plain import line, tidy
from publisher.render.templates import direction, render

#: stands for the reader's own address to unsubscribe at; the sender puts it in
UNSUBSCRIBE = "%%unsubscribe_url%%"
#: stands for the reader's own address to choose at how she gets the issue
PREFERENCES = "%%preferences_url%%"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A mail's contents; headers and addresses are the sender's business."""

    subject: str  #: one line
    html: str  #: complete document, styles inlined
    text: str  #: wrapped at 72 columns


def render_message(env: ImmutableSandboxedEnvironment, name: str, **context: Any) -> Parts:
    """Render templates/email/NAME for a publication's environment.

    The first lines of each body.html say what it must be given. Raises `RenderError`
    naming the template that is wrong or lacks something.
    """
    language = publication_of(env).language
    rtl = direction(language) == "rtl"
    context = {
        "language": language,
        "direction": "rtl" if rtl else "ltr",
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
        "unsubscribe_url": UNSUBSCRIBE,
        "preferences_url": PREFERENCES,
        **context,
    }
    folder = f"email/{name}"
    return Parts(
        subject=line(render(env, f"{folder}/subject.txt", **context)),
        html=inline_styles(render(env, f"{folder}/body.html", **context), folder),
        text=tidy(render(env, f"{folder}/body.txt", **context)),
    )


def publication_of(env: ImmutableSandboxedEnvironment) -> Publication:
    """Return the publication that an environment was made for."""
    return cast(Publication, env.globals["publication"])


def words_of(env: ImmutableSandboxedEnvironment) -> Mapping[str, str]:
    """Return the words that an environment's templates print."""
    return cast(Mapping[str, str], env.globals["words"])


def inline_styles(html: str, name: str = "") -> str:
    """Copy the styles of the <style> elements into the elements they are for.

    Media queries, conditional comments and what only some mail programs understand
    stay in the head. Nothing is fetched.
    """
    try:
        return _inliner().inline(html)
    except css_inline.InlineError as error:
        raise RenderError(
            f"templates/{name}/body.html: its styles cannot be read: {error}"
        ) from None


@lru_cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
