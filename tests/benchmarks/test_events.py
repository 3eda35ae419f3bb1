"""The measurement of events, and the story it invents."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import events_story as story

ROOT = Path(__file__).parents[2]


def test_the_last_line_tells_the_rate_and_that_all_is_exact() -> None:
    command = [sys.executable, "-m", "benchmarks.events", "--events", "1500"]
    done = subprocess.run(
        [*command, "--database", "sqlite"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert list(figures) == ["events_per_s", "exact"]
    assert figures["exact"] is True
    assert figures["events_per_s"] > 0


def test_a_third_of_the_events_are_doubles_and_every_reader_has_her_whole_story() -> None:
    order, readers = story.arrivals(3000)
    # a double arrives later, so the same event has another place in the order
    told = [(entry >> 8 & 0xFFFFFFFF, entry & 0xFF) for entry in order]
    assert len(told) - len(set(told)) == 1000
    everything = {
        (reader, place)
        for reader in range(1, readers + 1)
        for place in range(len(story.life(reader).events))
    }
    assert set(told) == everything


def test_the_posts_hold_all_events_in_the_order_of_their_arrival() -> None:
    order, _ = story.arrivals(600)
    bodies = [json.loads(body) for body in story.posts(order, 50)]
    assert [len(body) for body in bodies[:-1]] == [50] * (len(bodies) - 1)
    readers = [int(event["publisher_reader"]) for body in bodies for event in body]
    assert readers == [entry >> 8 & 0xFFFFFFFF for entry in order]
