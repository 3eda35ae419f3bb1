"""What the preview answers, and to whom."""

import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.config import Publication
from publisher.errors import ConfigError
from publisher.web.preview import Preview, serve_preview
from publisher.week import Week

Write = Callable[..., Path]
RunPreview = Callable[..., AbstractContextManager[Preview]]
WEEK = Week(2026, 47)


def settled(client: httpx.Client) -> dict[str, Any]:
    """Listen until the first making is done."""
    with client.stream("GET", "/events") as events:
        for line in events.iter_lines():
            if line.startswith("data: ") and not (state := json.loads(line[6:]))["busy"]:
                return dict(state)
    raise AssertionError("the stream ended")


def test_pages_mail_and_web_edition_are_served(running: RunPreview) -> None:
    with running() as preview, httpx.Client(base_url=preview.url) as client:
        state = settled(client)
        (digest, *_) = [page["digest"] for page in state["pages"]]
        picture = client.get(f"/pages/{digest}/900.jpg")
        assert picture.headers["content-type"] == "image/jpeg"
        assert "immutable" in picture.headers["cache-control"]
        for path in ("/email/light/", "/email/dark/", "/web/light/", "/web/dark/"):
            answer = client.get(path)
            assert "Story 1" in answer.text
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "prefers-color-scheme" not in answer.text
        assert client.get("/web/dark/style.css").headers["content-type"].startswith("text/css")
        assert client.get("/magazine/sirocco-2026-W47.pdf").content.startswith(b"%PDF")
        assert client.get("/web/light/sirocco-2026-W47.pdf").content.startswith(b"%PDF")
        page = client.get("/")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert client.get("/state").json() == state


def test_only_names_of_this_machine_are_answered(running: RunPreview) -> None:
    with running() as preview, httpx.Client(base_url=preview.url) as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "192.168.1.5", ""):
            assert client.get("/state", headers={"Host": host}).status_code == 400
        for host in ("localhost", f"127.0.0.1:{preview.port}", "[::1]"):
            answer = client.get("/state", headers={"Host": host})
            assert answer.status_code == 200
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers


def test_nothing_can_be_written(running: RunPreview) -> None:
    with running() as preview, httpx.Client(base_url=preview.url) as client:
        for path in ("/", "/state", "/events", "/email/light/", "/web/light/x.jpg"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert client.request(method, path).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/web/light/../../../../publication.toml",
        "/web/light/..%2f..%2f..%2f..%2fpublication.toml",
        "/web/light/%2e%2e/%2e%2e/articles/story-1.md",
        "/web/light//etc/passwd",
        "/web/light/../articles/story-1.md",
        "/web/light/secret.txt",
        "/web/light/link.jpg",
        "/web/light/%00.jpg",
        "/static/../email/layout.html",
        "/static/%2e%2e/email/layout.html",
        "/magazine/..%2fsirocco.pdf",
        "/email/blue/",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_file_but_the_issues_own_products_is_served(
    running: RunPreview, little: Publication, path: str
) -> None:
    with running() as preview, httpx.Client(base_url=preview.url) as client:
        settled(client)
        web = little.issues / "2026-W47" / "build" / "web"
        (web / "secret.txt").write_text("secret", encoding="utf-8")
        (web / "link.jpg").symlink_to(little.root / "publication.toml")
        # httpx would tidy the path; an attacker would not
        connection = http.client.HTTPConnection("127.0.0.1", preview.port)
        connection.putrequest("GET", path)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status in (404, 422)
        assert b"Sirocco" not in answer.read()
        connection.close()


def test_the_address_and_every_refresh_are_announced(running: RunPreview, write: Write) -> None:
    said: list[str] = []
    with running(said=said) as preview, httpx.Client(base_url=preview.url) as client:
        settled(client)
        assert said[0] == f"Look at 2026-W47 at {preview.url} (Ctrl-C ends it)"
        assert said[1].startswith("2026-W47: refreshed in ")


def test_an_edit_reaches_the_stream_of_events(running: RunPreview, write: Write) -> None:
    with running() as preview, httpx.Client(base_url=preview.url, timeout=20) as client:
        before = settled(client)
        with client.stream("GET", "/events") as events:
            write("story-2", "new " * 400, title="Fresh")
            for line in events.iter_lines():
                state = json.loads(line[6:]) if line.startswith("data: ") else before
                if not state["busy"] and state["version"] != before["version"]:
                    break
        assert state["changed"] == ["story-2.md"]
        assert "Fresh" in [story["title"] for story in state["stories"]]


def test_only_this_machine_can_be_listened_on(little: Publication) -> None:
    for host in ("0.0.0.0", "192.168.1.5", "example.org", ""):  # noqa: S104  # it is refused
        with pytest.raises(ConfigError, match="the preview has no password"):
            serve_preview(little, WEEK, host=host, port=0, announce=lambda _: None)


def test_a_port_that_is_taken_is_said_plainly(running: RunPreview, little: Publication) -> None:
    with running() as preview, pytest.raises(ConfigError, match=f"port {preview.port} is taken"):
        serve_preview(little, WEEK, port=preview.port, announce=lambda _: None)


def test_the_preview_needs_no_database() -> None:
    code = "import sys, publisher.web.preview; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
