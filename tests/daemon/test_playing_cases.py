"""What people play, in a few notes each, and what a musician hears in it: `listen` must hear the same.

Each file in `cases/playing` says what is played in words, `notes` as [onset, end, pitch] in seconds, the tempo that is
set, and what is `expected`:

- `melody`: the pitches that are melody, in order, and no others;
- `steps`: sixteenths from onset to onset; `upto: factor` lets all of them be half or double;
- `principals`, `principal_steps`: the onsets (seconds) on which graces lean, and the sixteenths between them;
- `beat_of`: the index of a note → the beat that it falls on, counted from the first note;
- `phrase_starts`: the indices of the notes that begin a phrase;
- `sharps_in`, `most_changes`: key signatures that are right at the end, and how often the key may change;
- `answer_on_beat`, `beat_seconds`: where a beat lies, in beats after the first note, modulo 1, and how long one is; an
  answer of call and response starts there.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest
from typer.testing import CliRunner

from antiphon.__main__ import app
from tests.daemon.midi_files import save_events
from tests.daemon.tunes import as_events

CASES = Path(__file__).parent / "cases" / "playing"
NOT_YET = {
    "tied-fives": "timing",
}
"""Cases that aren't heard right yet, and the part of the listener that is to hear them."""
FINE_BPM = 300
"""Of the files: a tick is then 0.4 ms."""

Case = dict[str, Any]
Heard = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _no_settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def named(name: str) -> Any:
    part = NOT_YET.get(name)
    marks = [] if part is None else [pytest.mark.xfail(reason=part, raises=AssertionError, strict=True)]
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [named(path.stem) for path in sorted(CASES.glob("*.json"))])
def test_a_case_is_heard_as_a_musician_hears_it(name: str, tmp_path: Path) -> None:
    case = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    expected = case["expected"]
    checks = [check for key, check in CHECKS.items() if key in expected]
    assert checks
    file = save_events(tmp_path / f"{name}.mid", as_events(case["notes"]), FINE_BPM)
    heard = listened(file, case)
    for check in checks:
        check(heard, case)
    if "answer_on_beat" in expected:
        after_first = (first_answered(file, case) - case["notes"][0][0]) / expected["beat_seconds"]
        assert abs((after_first - expected["answer_on_beat"] + 0.5) % 1 - 0.5) <= 1 / 8


def listened(file: Path, case: Case) -> Heard:
    """Return what `listen --json` says of a case, a dictionary a note."""
    done = CliRunner().invoke(app, ["listen", str(file), "--json", "--sync", case["sync"], "--bpm", str(case["bpm"])])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def first_answered(file: Path, case: Case) -> float:
    """Return when the first note of the answer starts that `render` gives to a case, in seconds."""
    duet = file.with_name("duet.mid")
    options = ("--mode", "call-response", "--seed", "1", "--sync", case["sync"], "--bpm", str(case["bpm"]))
    done = CliRunner().invoke(app, ["render", str(file), str(duet), *options])
    assert done.exit_code == 0, done.output
    times = {channel: list[float]() for channel in range(16)}
    now = 0.0
    for message in mido.MidiFile(duet):
        now += message.time
        if message.type == "note_on" and message.velocity:
            times[message.channel].append(now)
    performer, answer = (found for found in times.values() if found)
    assert performer[0] == pytest.approx(case["notes"][0][0], abs=0.001)
    return answer[0]


def check_melody(heard: Heard, case: Case) -> None:
    assert [note["pitch"] for note in heard] == case["expected"]["melody"]


def check_steps(heard: Heard, case: Case) -> None:
    assert_up_to_factor([note["step"] for note in heard], case["expected"]["steps"], case)


def check_principals(heard: Heard, case: Case) -> None:
    onsets = case["expected"]["principals"]
    steps = [note["step"] for note in heard if any(abs(note["time"] - onset) < 0.002 for onset in onsets)]
    assert_up_to_factor(steps, case["expected"]["principal_steps"], case)


def check_beats(heard: Heard, case: Case) -> None:
    assert len(heard) == len(case["notes"])
    beats = {int(index): beat for index, beat in case["expected"]["beat_of"].items()}
    steps = [heard[index]["step"] for index in sorted(beats)]
    assert_up_to_factor(steps, [4 * (beats[b] - beats[a]) for a, b in pairwise(sorted(beats))], case)


def check_phrases(heard: Heard, case: Case) -> None:
    assert [index for index, note in enumerate(heard) if note["starts_phrase"]] == case["expected"]["phrase_starts"]


def check_key(heard: Heard, case: Case) -> None:
    sharps = [note["sharps"] for note in heard]
    assert sharps[-1] in case["expected"].get("sharps_in", case["expected"].get("final_sharps"))
    # One note says nothing of the key: what is changed is that of the second.
    assert sum(a != b for a, b in pairwise(sharps[1:])) <= case["expected"]["most_changes"]


def assert_up_to_factor(steps: list[int], between: list[int], case: Case) -> None:
    """Check the sixteenths between notes; all may be half or double where the case says so."""
    factors = (1.0, 0.5, 2.0) if case["expected"].get("upto") == "factor" else (1.0,)
    found = [later - earlier for earlier, later in pairwise(steps)]
    assert any(found == [factor * each for each in between] for factor in factors), found


CHECKS: dict[str, Callable[[Heard, Case], None]] = {
    "melody": check_melody,
    "steps": check_steps,
    "principals": check_principals,
    "beat_of": check_beats,
    "phrase_starts": check_phrases,
    "most_changes": check_key,
    "answer_on_beat": lambda _heard, _case: None,
}
