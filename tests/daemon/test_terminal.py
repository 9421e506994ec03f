"""What `antiphon run` says: one calm line at a terminal, plain lines elsewhere, and next to nothing with --quiet."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from antiphon.live.publisher import Scene
from antiphon.live.terminal import line_of
from antiphon.midi.backends import load_backend
from antiphon.stage.messages import HeardBar, Learned
from tests.daemon.faults import in_terminal, watch_a_note
from tests.daemon.live import PATIENCE, daemon, environment, full_name
from tests.daemon.pages import STATE, page, staged

PLAYED = replace(
    STATE,
    bpm=97.3,
    sharps=-3,
    posterior=[0.0, 0.0, 0.9, 0.1] + 8 * [0.0],
    latency_ms=0.42,
)


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (
            Scene(PLAYED, 67, 70),
            ("Eb major / c minor", "97 BPM", "next-note", "you G4, Antiphon Bb4", "0.4 ms", "recording"),
        ),
        (Scene(replace(PLAYED, posterior=12 * [1 / 12]), None, None), ("listening for your key", "you –, Antiphon –")),
        (Scene(replace(PLAYED, sync="clock", clock="lost"), 60, None), ("by clock (lost)", "you C4")),
        (Scene(replace(PLAYED, sync="link", clock="rolling"), 60, None), ("BPM with Link", "you C4")),
        (Scene(replace(PLAYED, sync="link", clock="waiting"), 60, None), ("BPM (Link: waiting)", "you C4")),
        (
            Scene(replace(PLAYED, learned=Learned(312, 0.416, (67, 70))), 60, None),
            ("312 notes learned, +0.42 bits a note, recalls G4 Bb4",),
        ),
        (Scene(replace(PLAYED, learned=Learned(3, -0.1)), 60, None), ("3 notes learned, -0.10 bits a note",)),
        (Scene(replace(PLAYED, heard_swing=61.6), 60, None), ("swing 62 %",)),
        (Scene(replace(PLAYED, sync="auto", tempo_certainty=0.93), 60, None), ("97 BPM by you (sure 93 %)",)),
        (Scene(replace(PLAYED, sync="auto", tempo_certainty=0.4), 60, None), ("97 BPM (your tempo isn't sure yet)",)),
        (Scene(replace(PLAYED, heard_bar=HeardBar(3, 0.8)), 60, None), ("in 3/4 (sure 80 %)",)),
        (Scene(replace(PLAYED, words="a third below you"), 60, 57), ("Antiphon A3", "a third below you")),
        (Scene(replace(PLAYED, turn="answering", mute=True), 60, None), ("next-note, answering", "muted")),
    ],
)
def test_the_line_says_what_a_musician_asks(scene: Scene, words: tuple[str, ...]) -> None:
    line = line_of(scene).plain
    assert [word for word in words if word not in line] == []
    assert "\n" not in line


def test_at_a_terminal_the_line_follows_the_playing(
    jack_server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with in_terminal("--name", "Screen", cwd=tmp_path) as (process, master):
        watch_a_note(process, master, "Screen")


def test_elsewhere_there_are_plain_lines_and_none_that_is_redrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged(cwd=tmp_path) as (running, url), page(url) as one:
        one.play(0x90, 60, 80)
        one.wait_for_answer()
        running.stop()
    assert not [line for line in running.said if "\x1b" in line or "you C4" in line]


def test_quiet_says_only_what_goes_wrong(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Taken", cwd=tmp_path):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "antiphon",
                "run",
                "--api",
                "jack",
                "--name",
                "Taken",
                "--quiet",
                "--stage-port",
                "0",
            ],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert "another Antiphon plays" in process.stdout.readline()
        probe = load_backend().output("jack", "Taken probe")
        full_name(probe.ports(), "Taken 2 in")
        probe.close()
        process.send_signal(signal.SIGTERM)
        said, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, said, errors) == (0, "", "")
