"""Melodies that a model makes up."""

from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from music21.pitch import Pitch

from antiphon.errors import UserError
from antiphon.melody.grid import Note
from antiphon.melody.keys import pitch_name, spelled
from antiphon.melody.metre import TimeSignature, parse_metre
from antiphon.melody.model import Floats, Metre, Tokens
from antiphon.melody.vocabulary import vocabulary_of
from antiphon_trainer.generation.melody_files import Piece, write_midi
from antiphon_trainer.generation.sampling import MelodyOptions, sample_melody

from .conftest import Workplace

VOCABULARY = vocabulary_of(["60", "62", "64"])


class Script:
    """A model that is sure of its text, and tells what it was told; then it ends."""

    vocabulary_size = len(VOCABULARY)

    def __init__(self, *symbols: str) -> None:
        self._script = symbols
        self.told: list[tuple[int, int]] = []

    def initial_state(self, batch: int) -> Floats:
        return np.zeros((batch, 1), np.float32)

    def step(self, tokens: Tokens, state: Floats, metre: Metre | None = None) -> tuple[Floats, Floats]:
        place = int(state[0, 0])
        assert metre is not None
        self.told.append((int(metre.position[0]), int(metre.bar[0])))
        probabilities = np.full((1, len(VOCABULARY)), 1e-6, np.float32)
        probabilities[0, VOCABULARY.tokens[self._script[place] if place < len(self._script) else "/"]] = 1.0
        return probabilities, state + 1


def wanted(bars: int = 8, metre: str = "4/4", sharps: int = 0) -> MelodyOptions:
    return MelodyOptions(bars, parse_metre(metre, "--metre"), sharps, temperature=0.0)


def test_it_ends_where_the_model_says_so_and_keeps_the_last_note() -> None:
    model = Script("60", "_", "r", "64", "_", "_")
    assert sample_melody(model, VOCABULARY, wanted(), seed=1) == [Note(60, 2), Note(None, 1), Note(64, 3)]


def test_or_on_the_barline_and_the_model_is_told_the_metre() -> None:
    model = Script("60", *["_"] * 99)
    assert sample_melody(model, VOCABULARY, wanted(bars=2, metre="3/4"), seed=1) == [Note(60, 24)]
    assert model.told == [(step % 12, 12) for step in range(24)]


def test_it_comes_back_from_the_models_key_the_way_in_that_playing_goes() -> None:
    (note,) = sample_melody(Script("60"), VOCABULARY, wanted(sharps=-3), seed=1)
    assert note == Note(63, 1)


def test_a_model_that_only_rests_is_said_so() -> None:
    with pytest.raises(UserError, match="plays no note"):
        sample_melody(Script("r", "_"), VOCABULARY, wanted(), seed=1)


@pytest.mark.parametrize("text", ["4", "four/four", "0/4", "4/3", "4/32", "33/4"])
def test_what_is_no_metre(text: str) -> None:
    with pytest.raises(UserError, match="no time signature"):
        parse_metre(text, "--metre")


def test_metres() -> None:
    assert [parse_metre(text, "--metre").bar for text in ("4/4", "3/4", "6/8", "2/2", "7/16")] == [16, 12, 12, 16, 7]


@given(some.integers(0, 127), some.integers(-5, 6))
def test_spelling_keeps_the_pitch(pitch: int, sharps: int) -> None:
    letter, alter, octave = spelled(pitch, sharps)
    written = Pitch(letter + "#" * alter + "-" * -alter)
    written.octave = octave
    assert written.ps == pitch


def test_spelling_is_the_keys() -> None:
    assert [pitch_name(pitch, -3) for pitch in (60, 63, 68, 70)] == ["C4", "E♭4", "A♭4", "B♭4"]
    assert [pitch_name(pitch, 4, sharp="#") for pitch in (60, 61, 63, 71)] == ["B#3", "C#4", "D#4", "B4"]


lengths = some.lists(some.builds(Note, some.one_of(some.none(), some.integers(0, 127)), some.integers(1, 40)))


@settings(deadline=None)  # it writes files
@given(notes=lengths.filter(lambda notes: any(note.pitch is not None for note in notes)))
def test_a_midi_file_holds_every_note(tmp_path_factory: pytest.TempPathFactory, notes: list[Note]) -> None:
    path = tmp_path_factory.mktemp("midi") / "melody.mid"
    write_midi(path, Piece("a", notes, TimeSignature(4, 4), 0, 100.0))
    now, heard = 0, []
    for message in mido.MidiFile(path).tracks[0]:
        now += message.time
        if not message.is_meta:
            heard.append((now / 120, message.type, message.note))
    expected, step = [], 0
    for note in notes:
        if note.pitch is not None:
            expected += [(step, "note_on", note.pitch), (step + note.steps, "note_off", note.pitch)]
        step += note.steps
    assert (heard, now / 120) == (expected, step)


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_midi_score_and_picture_say_the_same_and_so_does_the_same_seed(finished: Workplace, tmp_path: Path) -> None:
    from music21 import converter

    arguments = ("generate", "small", "--bars", 4, "--metre", "3/4", "--key", "Eb")
    out = finished.succeeds(*arguments, "--count", 2, "--seed", 3, "--out", tmp_path / "one")
    assert out.count("melody ") == 2
    finished.succeeds(*arguments, "--seed", 4, "--out", tmp_path / "other")
    one, other = files(tmp_path / "one"), files(tmp_path / "other")
    assert sorted(one) == [f"small-{seed}.{ending}" for seed in (3, 4) for ending in ("mid", "musicxml", "png")]
    assert other == {name: content for name, content in one.items() if "-4" in name}
    assert one["small-3.mid"] != one["small-4.mid"]
    assert one["small-3.png"].startswith(b"\x89PNG")
    (part,) = converter.parse(tmp_path / "one/small-3.musicxml").parts
    assert part.recurse().getElementsByClass("KeySignature").first().sharps == -3
    assert part.recurse().getElementsByClass("TimeSignature").first().ratioString == "3/4"
    written = [note for note in part.flatten().notes if note.tie is None or note.tie.type == "start"]
    played = [m.note for m in mido.MidiFile(tmp_path / "one/small-3.mid").tracks[0] if m.type == "note_on"]
    assert [note.pitch.midi for note in written] == played
    assert all(one.offset < two.offset for one, two in pairwise(written))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no model 'nowhere'"),
        (["small", "--key", "H"], "'H' is no key"),
        (["small", "--metre", "5"], "no time signature"),
        (["small", "--count", "0"], "--count"),
        (["small", "--bars", "0"], "--bars"),
        (["small", "--temperature", "-1"], "temperature"),
        (["small", "--out", "held-out.txt"], "is a file"),
    ],
)
def test_a_users_mistake_is_one_line(finished: Workplace, arguments: list[str], message: str) -> None:
    assert message in finished.refuses("generate", *arguments)
