"""Each mode, the controls, the hands and the recording: the daemon on real JACK ports, played in real time.

When a message was due is read from the recording, which has the improviser's own times; what comes through the port,
and in which order, is heard.
"""

import shutil
from pathlib import Path

import pytest

from antiphon.improviser.events import Event
from antiphon.melody.bundle import MODEL_FILE
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn, PitchBend
from antiphon.settings import package_folder
from tests.daemon.graphs import changed, crashing, other
from tests.daemon.live import (
    BEAT,
    PHRASE,
    QUIET,
    STEP_TICKS,
    Keyboard,
    Note,
    check_renders_again,
    daemon,
    events_of,
    notes,
    ons,
    recorded,
    sessions,
    sounding,
)

CALL = PHRASE[:6]
"""Six beats."""
NOTE_ON, CONTROL, PROGRAM, PITCH_BEND = 0x90, 0xB0, 0xC0, 0xE0
LEAST = 231
"""Ticks at 120 BPM that a note lasts at least, rounded up: 60 ms."""

pytestmark = pytest.mark.usefixtures("jack_server")


def some(count: int) -> object:
    """Return what is true once so many notes have started."""
    return lambda came: len(ons(came)) >= count


def silent(came: list[Event | None]) -> bool:
    return bool(came) and not sounding(came)


def off_grid(ticks: int, grid: int = STEP_TICKS) -> int:
    """Return how many ticks something is off a multiple of `grid`."""
    return abs((ticks + grid // 2) % grid - grid // 2)


def check_gives_way(answered: list[Note], phrase: list[Note]) -> None:
    """Check that what was played falls silent as a phrase begins, and leaves it alone."""
    begins = phrase[0].start
    cut = [note for note in answered if note.start < begins][-1]
    assert cut.end <= max(begins + 1, cut.start + LEAST)
    assert not [note for note in answered if begins < note.start <= phrase[-1].end]


def test_the_next_note_waits_for_its_moment_and_is_withdrawn_when_the_performer_is_first(tmp_path: Path) -> None:
    slowly = 60.0
    options = ("--when", "onset", "--seed", "3", "--bpm", str(slowly))
    with daemon("--name", "Later", *options, cwd=tmp_path) as running, Keyboard("Later") as pianist:
        messages = []
        for pitch in (63, 65, 67):
            pianist.press(NoteOn(pitch, 70, 1))
            messages += pianist.hear(2)
            pianist.press(NoteOff(pitch, 1))
        assert [type(message) for message in messages] == [NoteOn, NoteOff] * 3
        # Half a step apart: each comes before the answer to the one before.
        pianist.play([(63 + i % 3, 0.125) for i in range(8)], slowly)
        messages += pianist.hear(2)
        assert not pianist.hear_out()
        assert sounding(messages) == []
        running.stop()
    pressed, answered = notes(recorded(tmp_path), "Performer"), notes(recorded(tmp_path), "Antiphon")
    assert len(answered) == 4
    for press, answer in zip([*pressed[:3], pressed[-1]], answered, strict=True):
        assert answer.start - press.start >= STEP_TICKS - 1
        assert off_grid(answer.start - press.start) <= 1
    check_renders_again(tmp_path)


def test_a_phrase_is_answered_on_the_beat_until_the_performer_plays_again(tmp_path: Path) -> None:
    options = ("--mode", "call-response", "--seed", "3", "--channel", "2")  # so that no press passes for an echo
    with daemon("--name", "Turns", *options, cwd=tmp_path) as running, Keyboard("Turns") as pianist:
        pianist.play(CALL)
        assert not pianist.heard()
        whole = pianist.hear_out()  # the answer ends by itself
        assert ons(whole) and not sounding(whole)

        pianist.play(CALL)
        begun = pianist.hear_until(some(2))
        pianist.play(CALL)
        begun += pianist.heard()
        assert not sounding(begun)
        last = pianist.hear_out()
        assert ons(last) and not sounding(last)
        running.stop()
    pressed, answered = notes(recorded(tmp_path), "Performer"), notes(recorded(tmp_path), "Antiphon")
    assert len(pressed) == 3 * len(CALL)
    assert len(answered) == len(ons(whole)) + len(ons(begun)) + len(ons(last))
    for end in pressed[len(CALL) - 1 :: len(CALL)]:
        first = next(note for note in answered if note.start > end.end)
        # Two beats of silence, and what is left of a bar of four, where the playing has shown one.
        assert 2 * BEAT - 1 <= first.start - end.end <= 6 * BEAT + 1
        assert off_grid(first.start - end.start, BEAT) <= 1  # the grid lies under the last onset
    check_gives_way(answered, pressed[2 * len(CALL) :])
    (listed,) = sessions(tmp_path)
    assert (listed["played"], listed["answered"]) == (len(pressed), len(answered))
    check_renders_again(tmp_path)


def test_the_melody_goes_on_until_the_performer_plays_and_is_taken_over_again(tmp_path: Path) -> None:
    options = ("--mode", "continue", "--seed", "3", "--channel", "2")
    with daemon("--name", "On", *options, cwd=tmp_path) as running, Keyboard("On") as pianist:
        pianist.play(CALL)
        assert not pianist.heard()
        going = pianist.hear_until(some(12))
        pianist.play(CALL)
        going += pianist.heard()
        assert not sounding(going)
        again = pianist.hear_until(some(3))
        running.stop()
        again += pianist.heard()
        assert sounding(again) == []  # the end of the session ends the note
    pressed, answered = notes(recorded(tmp_path), "Performer"), notes(recorded(tmp_path), "Antiphon")
    assert len(answered) == len(ons(going)) + len(ons(again))
    for note in answered[: len(ons(going))]:
        assert off_grid(note.start - answered[0].start) <= 1
    check_gives_way(answered, pressed[len(CALL) :])
    check_renders_again(tmp_path)  # up to where it was stopped, and no further


def test_controls_come_through_the_port(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[controls]\nmode = "cc 25"\nanswer = "cc 66"\nmute = "cc 70"\npanic = "note 36 channel 10"\n'
    )
    with daemon("--name", "Knobs", "--seed", "3", cwd=tmp_path) as running, Keyboard("Knobs") as pianist:
        pianist.press(NoteOn(63, 80, 1))
        assert isinstance(pianist.hear(1)[0], NoteOn)  # next-note
        pianist.send(CONTROL, 25, 40)
        running.wait_for("mode call-response")
        assert isinstance(pianist.hear(1)[0], NoteOff)
        pianist.press(NoteOff(63, 1))

        pianist.play(CALL[:-1])
        pianist.press(NoteOn(70, 80, 1))  # it is held: the phrase can't end by itself
        assert not pianist.hear_out(QUIET)
        pianist.send(CONTROL, 66, 127)
        answer = pianist.hear_out()
        assert ons(answer) and not sounding(answer)
        pianist.send(CONTROL, 66, 0)
        pianist.press(NoteOff(70, 1))

        pianist.send(CONTROL, 25, 80)
        running.wait_for("mode continue")
        pianist.play(CALL)
        going = pianist.hear_until(some(2))
        pianist.send(CONTROL, 70, 127)
        going += pianist.hear_until(lambda came: not sounding([*events_of(going), *came]))
        assert not pianist.hear_out(QUIET)
        pianist.send(CONTROL, 70, 0)
        assert isinstance(pianist.hear(1)[0], NoteOn)  # it went on in silence

        pianist.send(NOTE_ON | 9, 36, 1)
        ended = pianist.hear_until(lambda came: ControlChange(123, 0, 1) in came)
        assert isinstance(ended[0].event, NoteOff | NoteOn)
        assert not ons(pianist.hear_out(QUIET))
        running.stop()
        assert not pianist.heard()


def test_the_left_hand_is_passed_on_and_everything_with_thru(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[hands]\nsplit = 60\nleft_hand = "passed"\nthru_channel = 5\n')
    with daemon("--name", "Hands", "--seed", "3", cwd=tmp_path) as running, Keyboard("Hands") as pianist:
        pianist.press(NoteOn(40, 70, 1))
        assert pianist.hear(1) == [NoteOn(40, 70, 5)]
        pianist.press(NoteOn(64, 80, 1))
        (answer,) = ons(pianist.hear_until(silent))
        assert answer.channel == 1
        running.stop()  # the left hand is still down
        assert [each.event for each in pianist.heard()] == [NoteOff(40, 5)]
    (tmp_path / "config.toml").write_text("[hands]\nthru = true\nthru_channel = 5\n")
    with daemon("--name", "Thru", "--seed", "3", cwd=tmp_path) as running, Keyboard("Thru") as pianist:
        pianist.press(NoteOn(64, 80, 3))
        pianist.send(PITCH_BEND | 2, 0, 96)
        pianist.press(NoteOff(64, 3))
        came = pianist.hear_until(lambda events: len(events) == 5)
        assert [event for event in events_of(came) if getattr(event, "channel", 5) == 5] == [
            NoteOn(64, 80, 5),
            PitchBend(96 * 128 - 8192, 5),
            NoteOff(64, 5),
        ]
        assert len(ons(came)) == 2
        running.stop()


def test_a_program_change_to_a_hostile_graph_ends_nothing(tmp_path: Path) -> None:
    model = package_folder() / "models" / "essen" / MODEL_FILE
    other(tmp_path / "models", {MODEL_FILE: changed(model.read_bytes(), crashing)})
    with daemon("--name", "Hostile", "--seed", "3", cwd=tmp_path) as running, Keyboard("Hostile") as pianist:
        pianist.play(CALL[:3])
        messages = pianist.hear(6)
        pianist.send(PROGRAM, 1)
        running.wait_for("TensorFlow Lite crashes on the model")
        assert running.said[-1].strip().endswith("essen plays on")
        pianist.play(CALL[3:])
        messages += pianist.hear(6)
        assert sounding(messages) == []
        running.stop()
    check_renders_again(tmp_path)


def test_a_program_change_brings_another_model_and_one_for_none_changes_nothing(tmp_path: Path) -> None:
    shutil.copytree(package_folder() / "models" / "essen", tmp_path / "models" / "twin")
    with daemon("--name", "Bank", "--seed", "3", cwd=tmp_path) as running, Keyboard("Bank") as pianist:
        messages = []
        for program, said in ((9, "program 10: there are only 2 models: essen, twin"), (1, "model twin")):
            pianist.play(CALL[:3])
            messages += pianist.hear(6)
            pianist.send(PROGRAM, program)
            pianist.send(PROGRAM, program)
            pianist.play(CALL[3:])
            messages += pianist.hear(6)
            running.wait_for(said)
        pianist.play(CALL)
        messages += pianist.hear(12)
        assert sounding(messages) == []
        running.stop()
    assert sum(line.startswith("program") for line in running.said) == 1
    (listed,) = sessions(tmp_path)
    assert (listed["played"], listed["answered"]) == (18, 18)
    check_renders_again(tmp_path)


def test_the_next_note_at_once_renders_again(tmp_path: Path) -> None:
    with daemon("--name", "Once", cwd=tmp_path) as running, Keyboard("Once") as pianist:
        pianist.play(CALL)
        pianist.hear(2 * len(CALL))
        running.stop()
    assert len(notes(recorded(tmp_path), "Antiphon")) == len(CALL)
    check_renders_again(tmp_path)
