"""The drawing program: in a process of its own, asked once for each drawing, never online."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.content import vega
from publisher.content.body import Look
from publisher.content.lift import lift
from publisher.errors import ContentError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PUBLISHER_CACHE", str(tmp_path / "cache"))
    vega._drawn.cache_clear()
    yield
    vega._drawn.cache_clear()


def spec(words: str = "Salt", **more: object) -> dict[str, object]:
    text = {"x": {"value": 5}, "y": {"value": 15}, "text": {"value": words}}
    return {
        "width": 60,
        "height": 20,
        "padding": 0,
        "autosize": "none",
        "marks": [{"type": "text", "encode": {"update": text}}],
        **more,
    }


def helper() -> "subprocess.Popen[bytes] | None":
    return vega._HELPERS._process


def test_a_drawing_is_made_once_and_then_kept(tmp_path: Path) -> None:
    first = vega.draw(spec())
    (kept,) = (tmp_path / "cache/drawings").glob("*.svg")
    vega._drawn.cache_clear()
    vega._HELPERS.stop()
    assert vega.draw(spec()) == first == kept.read_text(encoding="utf-8")
    assert helper() is None  # nobody had to be asked


def test_the_same_drawing_has_the_same_bytes_from_another_helper(tmp_path: Path) -> None:
    first = vega.draw(spec())
    vega._HELPERS.stop()
    next((tmp_path / "cache/drawings").glob("*.svg")).unlink()
    vega._drawn.cache_clear()
    assert vega.draw(spec()) == first


def test_a_helper_that_has_gone_is_replaced() -> None:
    vega.draw(spec("one"))
    process = helper()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert "two" in vega.draw(spec("two"))


def test_a_drawing_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vega, "_PATIENCE", 0.0)
    with pytest.raises(ContentError, match="give it fewer figures"):
        vega.draw(spec("slow"))
    monkeypatch.setattr(vega, "_PATIENCE", 30.0)
    assert "again" in vega.draw(spec("again"))


def test_what_cannot_be_drawn_is_a_sentence_and_the_helper_goes_on() -> None:
    with pytest.raises(ContentError, match="it cannot be drawn"):
        vega.draw({"marks": [{"type": "no such mark"}]})
    process = helper()
    assert "Salt" in vega.draw(spec())
    assert helper() is process


def test_no_specification_reads_files_or_the_network(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("word\nmoonstone\n", encoding="utf-8")
    for url in (f"file://{tmp_path}/secret.csv", "http://127.0.0.1:9/secret.csv"):
        data = [{"name": "t", "url": url, "format": {"type": "csv"}}]
        mark = {"type": "text", "from": {"data": "t"},
                "encode": {"update": {"text": {"field": "word"}}}}  # fmt: skip
        try:
            svg = vega.draw(spec(data=data, marks=[mark]))
        except ContentError:
            continue
        assert "moonstone" not in svg


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("PUBLISHER_CACHE", str(tmp_path / "file"))
    assert "Salt" in vega.draw(spec())


def test_threads_share_one_helper() -> None:
    vega._HELPERS.stop()
    found: list[str] = []

    def ask(number: int) -> None:
        found.append(vega.draw(spec(f"word {number}")))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({svg for svg in found if "word" in svg}) == 6


def test_a_forked_process_has_a_helper_of_its_own() -> None:
    vega.draw(spec("parent"))
    process = helper()
    pid = os.fork()
    if not pid:  # the child: no word of pytest's must be spoken twice
        fine = "child" in vega.draw(spec("child")) and helper() is not process
        vega._HELPERS.stop()
        os._exit(0 if fine else 1)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    assert "after" in vega.draw(spec("after"))
    assert helper() is process


def test_the_drawing_programs_memory_is_not_ours() -> None:
    code = (
        "import sys\nfrom publisher.content import vega\n"
        f"vega.draw({json.dumps(spec('apart'))})\n"
        "assert 'vl_convert' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- lifting ------------------------------------------------------------------------


def test_a_coast_has_no_more_points_than_eyes_can_tell() -> None:
    fine = [(x / 50, 5 + (x % 2) / 50) for x in range(2000)]
    d = "M" + "L".join(f"{x},{y}" for x, y in fine) + "L40,20Z"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30">'
        f'<path d="{d}" fill="#000"/><path d="M1,1L9,9" stroke="#000"/></svg>'
    )
    coast, line = lift(svg, Look()).shapes.iter("path")
    assert coast.get("d", "").startswith("M0.0,5.0L")
    assert coast.get("d", "").endswith("L40,20Z")
    assert 90 < coast.get("d", "").count("L") < 130
    assert line.get("d") == "M1,1L9,9"


def test_words_are_lifted_out_at_their_places_and_ballast_is_dropped() -> None:
    lines = {"x": {"value": 30}, "y": {"value": 8}, "text": {"value": ["one", "two"]},
             "align": {"value": "right"}, "fontSize": {"value": 7.5}, "lineHeight": {"value": 9},
             "fontWeight": {"value": 700}, "fill": {"value": "#123456"}}  # fmt: skip
    rule = {
        "x": {"value": 0},
        "x2": {"value": 40},
        "y": {"value": 3},
        "stroke": {"value": "#f1e2db"},
    }
    group = {
        "type": "group",
        "encode": {"update": {"x": {"value": 10}, "y": {"value": 4}}},
        "marks": [
            {"type": "text", "name": "0-is-ends", "encode": {"update": lines}},
            {"type": "rule", "name": "1-is-grid", "encode": {"update": rule}},
        ],
    }
    drawing = lift(vega.draw(spec(marks=[group])), Look())
    one, two = drawing.texts
    assert (one.words, one.x, one.y, one.anchor, one.bold) == ("one", 40, 12, "end", True)
    assert (two.words, two.y, two.line) == ("two", 21, 1)
    assert one.mark == "ends"
    (line,) = drawing.shapes.iter("line")
    assert line.get("stroke") == "#f1e2db"
    assert not {"class", "role", "aria-label"} & {
        key
        for element in drawing.shapes.iter()
        for key in element.keys()  # noqa: SIM118
    }
