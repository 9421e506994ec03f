"""The bench on real ports: not how fast it is, but that every row is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.bench.figures import spread
from antiphon.bench.report import Bench, lines, verdict

ROWS = ("step_us", "batch12_us", "memory_us", "note_us", "answer_ms", "timing_us", "ports_us", "echo_us")


def bench(*options: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "bench", "--api", "jack", "--notes", "20", *options],
        cwd=cwd,
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_every_row_is_measured(jack_server: dict[str, str], tmp_path: Path) -> None:
    found = json.loads(bench("--json", cwd=tmp_path).stdout)
    for row in ROWS:
        each = found[row]
        assert 0 < each["p50"] <= each["p95"] <= each["p99"] <= each["max"], row
        assert each["n"] >= 5
    assert found["lost"] is not None
    assert found["start_s"] > 0 and found["rss_mb"] > 10 and found["idle_cpu_percent"] >= 0
    assert found["times_real_time"] > 1


def test_without_a_midi_system_the_rest_is_measured(tmp_path: Path) -> None:
    done = bench(cwd=tmp_path, JACK_DEFAULT_SERVER="antiphon-nobody", JACK_NO_START_SERVER="1")
    assert "one step of the model" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("No MIDI ports were measured")


def bench_of(ports_us: float, step_us: float = 20.0) -> Bench:
    rows = dict.fromkeys(("batch12_us", "memory_us", "note_us", "answer_ms", "timing_us"))
    return Bench(
        **rows,
        step_us=spread([step_us]),
        times_real_time=500,
        playing_cpu_percent=1,
        echo_us=spread([2000.0]),
        ports_us=spread([ports_us]),
        lost=0,
    )


@pytest.mark.parametrize(("added", "words"), [(0.2, "adds 0.2 ms"), (12.0, "you will feel")])
def test_the_verdict_is_one_that_a_musician_understands(added: float, words: str) -> None:
    assert words in verdict(bench_of(2000.0 + added * 1000))


@pytest.mark.parametrize(
    ("ports_us", "step_us", "missed"),
    [(2300, 30, []), (2301, 30, ["through ports (µs)"]), (2000, 31, ["one step"]), (3500, 30, ["p50", "p99"])],
)
def test_what_misses_its_target_is_marked(ports_us: float, step_us: float, missed: list[str]) -> None:
    report = "\n".join(line for line in lines(bench_of(ports_us, step_us)) if "(missed)" in line)
    assert report.count("(missed)") == len(missed)
    assert all(each in report for each in missed)
