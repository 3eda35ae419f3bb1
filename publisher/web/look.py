"""Pages in the magazine's look: templates/web/public/ -> responses."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse

from publisher.config import Publication
from publisher.render.templates import STATIC, environment, render

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_STYLES = ("fonts/web/fonts.css", "web.css", "public.css")


def apart(text: str) -> str:
    """Keep the order of an address inside a text that runs the other way (UAX 9, FSI and PDI)."""
    return f"\u2068{text}\u2069"


class Look:
    """Renders the public pages of one publication."""

    def __init__(self, publication: Publication) -> None:
        self.env = environment(publication)
        self.publication = publication
        #: the path that the public address has before ours, such as /magazine; without a slash
        self.base = urlsplit(publication.public_url).path.rstrip("/")
        self.env.filters["apart"] = apart
        self.env.globals["base"] = self.base
        self.env.globals["styles"] = [self._style(name) for name in _STYLES]
        self._policy = self._page_policy()

    def page(
        self,
        template: str,
        /,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Render templates/web/public/TEMPLATE.html."""
        html = render(self.env, f"web/public/{template}.html", **context)
        return HTMLResponse(
            html, status, {"Content-Security-Policy": self._policy, **(headers or {})}
        )

    def feed(self, **context: Any) -> str:
        """Render the feed of issues."""
        return render(self.env, "web/public/feed.xml", **context)

    def _style(self, name: str) -> str:
        """Return a style's address, which changes with its content so that it may be kept."""
        own = self.publication.root / "templates" / "static" / name
        file = own if own.is_file() else STATIC / name
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        return f"{self.base}/static/{name}?v={digest}"

    def _page_policy(self) -> str:
        """Allow what our pages need: no scripts, and of inline styles only our own colours."""
        colours = _STYLE.findall(render(self.env, "web/colours.html"))
        hashes = " ".join(
            f"'sha256-{b64encode(hashlib.sha256(c.encode()).digest()).decode()}'" for c in colours
        )
        return (
            f"default-src 'none'; style-src 'self' {hashes}; img-src 'self' data:;"
            " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
