"""The daemon as a process on real JACK ports, played from outside in real time."""

import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import mido

from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.live import BPM, PHRASE, Keyboard, daemon, ons, sounding
from tests.daemon.midi_files import save_tune


def test_a_tune_in_e_flat_is_answered_in_e_flat_and_silence_follows_sigterm(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with daemon("--name", "Duet", "--seed", "1", cwd=tmp_path) as running, Keyboard("Duet") as pianist:
        pianist.play(PHRASE)
        expected = len(PHRASE)
        messages = pianist.hear(2 * expected)
        answers = ons(messages)
        assert len(answers) == expected
        assert sum(note.pitch % 12 in (0, 2, 3, 5, 7, 8, 10) for note in answers) >= 0.9 * expected
        assert sounding(messages) == []

        pianist.press(NoteOn(63, 80, 1))
        last = pianist.hear(1)
        running.stop(signal.SIGTERM)
        last += pianist.hear(1)
        assert isinstance(last[0], NoteOn)
        assert last[1] == NoteOff(last[0].pitch, last[0].channel)
        assert not pianist.heard()

    tune = save_tune(tmp_path / "ode.mid", PHRASE, BPM)
    subprocess.run([sys.executable, "-m", "antiphon", "render", tune, tmp_path / "duet.mid", "--seed", "1"], check=True)
    rendered = [m.note for m in mido.MidiFile(tmp_path / "duet.mid").tracks[2] if m.type == "note_on"]
    assert [note.pitch for note in answers] == rendered


def test_a_log_says_each_key_that_is_heard_once(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Logged", cwd=tmp_path) as running, Keyboard("Logged") as pianist:
        pianist.play(PHRASE)
        pianist.hear(2 * len(PHRASE))
        running.stop()
        keys = [line.removeprefix("key           ").strip() for line in running.said if line.startswith("key  ")]
        assert keys[-1] == "Eb major / c minor"
        assert all(one != other for one, other in pairwise(keys))


def test_ctrl_c_ends_the_session_with_0(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Short", cwd=tmp_path) as running:
        running.stop(signal.SIGINT)


def test_real_ports_are_named_by_a_part_of_their_name(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        daemon("--name", "First", cwd=tmp_path),
        Keyboard("First"),
        # the second listens to what the first plays, and plays to nobody
        daemon("--name", "Second", "--input", "first OUT", cwd=tmp_path) as second,
    ):
        listing = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=True).stdout
        lines = listing.splitlines()
        at = lines.index("First out:First out")
        assert any("Second in" in line for line in lines[at + 1 : at + 4] if line.startswith(" "))
        second.stop()


def test_a_port_that_is_not_there_is_refused_with_a_list(jack_server: dict[str, str], tmp_path: Path) -> None:
    with daemon("--name", "Alone", cwd=tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "antiphon", "run", "--no-stage", "--api", "jack", "--input", "Steinway"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "'Steinway'" in done.stderr
        assert "there is: 'Alone out:Alone out'" in done.stderr  # and nothing of its own
        ports = subprocess.run(
            [sys.executable, "-m", "antiphon", "ports", "--api", "jack"], capture_output=True, text=True, check=True
        )
        listened, played = ports.stdout.split("To play to")
        assert "Alone in" in played
        assert "Alone out" in listened
        running = "   (an Antiphon that is running)"
        own = [f"  Alone {way}:Alone {way}{running}" for way in ("out", "in")]
        assert [line for line in ports.stdout.splitlines() if running in line] == own
