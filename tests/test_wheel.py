"""The wheel alone is enough: installed elsewhere, it makes a publication, renders and rehearses it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "UV_CACHE_DIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    run(uv, "build", "--wheel", "--offline", "--no-build-isolation", "--out-dir", folder,
        "--python", sys.executable, ROOT, cwd=folder)  # fmt: skip
    wheel = next(folder.glob("publisher-*.whl"))
    venv = folder / "venv"
    run(uv, "venv", "--quiet", "--python", sys.executable, venv, cwd=folder)
    run(uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", venv, wheel,
        cwd=folder)  # fmt: skip
    # the wheel's dependencies are taken from this environment; its own .pth files, and so
    # the checkout itself, are not
    packages = venv / f"lib/python{sysconfig.get_python_version()}/site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return venv / "bin"


def test_an_issue_is_rendered_and_rehearsed_from_the_installed_wheel(
    installed: Path, tmp_path: Path
) -> None:
    where = run(installed / "python", "-c", "import publisher; print(publisher.__file__)",
                cwd=tmp_path)  # fmt: skip
    assert "site-packages" in where
    publisher = installed / "publisher"
    run(publisher, "init", "gazette", "--title", "The Gazette", cwd=tmp_path)
    gazette = tmp_path / "gazette"
    run(publisher, "collect", cwd=gazette)
    run(publisher, "render", cwd=gazette)
    pdf = next(gazette.glob("issues/*/build/the-gazette-*.pdf"))
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert next(gazette.glob("issues/*/build/email/body.html")).stat().st_size > 1000
    assert next(gazette.glob("issues/*/build/web/index.html")).stat().st_size > 1000
    # a rehearsal starts processes of its own, which must find the wheel too
    run(publisher, "subscribers", "add", "ada@example.org", cwd=gazette)
    rehearsed = json.loads(run(publisher, "send", "--rehearse", "--json", cwd=gazette))
    assert rehearsed["good"]
    assert rehearsed["books"]["mails"] == 1
