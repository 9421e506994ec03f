"""Kinds of MIDI files that were once prepared wrongly: small hand-written files, and others of their kinds."""

import io
from collections.abc import Sequence
from pathlib import Path

import mido
import pytest

from antiphon_trainer.corpus.encoding import Refused, encode
from antiphon_trainer.corpus.scores import Score, Unreadable, parse

from .conftest import Workplace
from .test_kinds_kern import KINDS, prepared

ODE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
SCALE = [(pitch, 1) for pitch in (60, 62, 64, 65, 67, 69, 71, 72)]
Played = tuple[float, float, int]
"""Start and end in quarter notes, and pitch."""


def midi(*tracks: Sequence[Played], key: str = "", channel: int = 0, ppq: int = 480, metre: str = "") -> bytes:
    """Return a MIDI file of type 1 with its key and metre on the first track."""
    file = mido.MidiFile(ticks_per_beat=ppq)
    for number, notes in enumerate(tracks):
        events = [
            (round(beat * ppq), order, mido.Message(kind, note=pitch, channel=channel))
            for start, end, pitch in notes
            for beat, order, kind in ((start, 1, "note_on"), (end, 2 * (start == end), "note_off"))
        ]
        track = file.add_track()
        if key and not number:
            track.append(mido.MetaMessage("key_signature", key=key))
        if metre and not number:
            beats, unit = map(int, metre.split("/"))
            track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit))
        now = 0
        for tick, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def line(pitches: Sequence[int], length: float = 1, gate: float = 1) -> list[Played]:
    return [(length * place, length * (place + gate), pitch) for place, pitch in enumerate(pitches)]


def scored(content: bytes) -> Score:
    score = parse(content, ".mid")
    assert isinstance(score, Score), score
    return score


def notes(content: bytes) -> list[tuple[int | None, float]]:
    return [(note.pitch, note.quarter_length) for note in scored(content).notes]


@pytest.mark.parametrize(
    ("name", "melody"),
    [
        ("drums-first", SCALE),
        ("drums-type0", SCALE),
        ("type2", SCALE),
        ("repeat-overlap", [(60, 1), (60, 1), (62, 1), (62, 1), (64, 1), (64, 1)]),
        ("key-c-default", [(60 + step, 1) for step in (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)]),
        ("realtime-f8", [*((pitch, 1) for pitch in (*ODE, 60))]),
        ("key-mode255", [(pitch, 1) for pitch in ODE]),
        ("tsig-2-bytes", [(pitch, 1) for pitch in ODE]),
    ],
)
def test_what_is_prepared(workplace: Workplace, name: str, melody: list[tuple[int, float]]) -> None:
    (song,) = prepared(workplace, KINDS / f"mid-{name}.mid")
    assert song[: len(melody)] == melody


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("thirtyseconds", "a duration off the sixteenth grid"),
        ("smpte", "counts in film frames (SMPTE)"),
        ("division-0", "0 ticks per quarter note"),
    ],
)
def test_what_is_refused_in_plain_words(workplace: Workplace, name: str, words: str) -> None:
    message = workplace.refuses("prepare", KINDS / f"mid-{name}.mid", "--durations", "grid")
    assert words in message
    assert "Error" not in message and "Exception" not in message


@pytest.mark.parametrize("length", [1 / 8, 1 / 16, 1 / 3, 1 / 6, 1 / 5])
@pytest.mark.parametrize("before", [0, 3])
def test_notes_off_the_grid_never_vanish(length: float, before: int) -> None:
    played = [*line((60,) * before), *((before + a, before + b, p) for a, b, p in line((62, 64, 65, 67), length))]
    score = scored(midi(played))
    assert sum(note.pitch is not None for note in score.notes) == before + 4
    with pytest.raises(Refused, match="off the sixteenth grid"):
        encode(score, None)


@pytest.mark.parametrize("gate", [0.85, 0.9, 0.95, 0.99, 1.02, 1.08])
@pytest.mark.parametrize("length", [0.25, 0.5, 1, 2])
def test_shortened_and_lengthened_notes_last_to_the_next(length: float, gate: float) -> None:
    assert notes(midi(line((60, 62, 62, 64, 60), length, gate)))[:4] == [(p, length) for p in (60, 62, 62, 64)]


def test_rests_that_are_written_stay() -> None:
    assert notes(midi([(1, 2, 60), (2, 2.5, 62), (3, 4, 64)])) == [(None, 1), (60, 1), (62, 0.5), (None, 0.5), (64, 1)]


def test_the_last_bar_is_full() -> None:
    assert notes(midi(line((60, 62, 64)))) == [(60, 1), (62, 1), (64, 1), (None, 1)]
    assert notes(midi(line((60, 62, 64)), metre="3/4")) == [(60, 1), (62, 1), (64, 1)]


def test_of_a_chord_the_top_note_and_under_a_held_note_none() -> None:
    chord = [(0, 1, 60), (0, 1, 64), (0, 1, 67), (1, 3, 72), (1, 2, 64), (2, 3, 65), (3, 4, 71)]
    assert notes(midi(chord)) == [(67, 1), (72, 2), (71, 1)]


def test_the_first_track_that_has_notes_is_the_melody() -> None:
    assert notes(midi([], line((60, 62)), line((40, 41, 42)))) == [(60, 1), (62, 1), (None, 2)]


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_key_of_c_major_does_not_count_where_the_notes_say_otherwise(semitones: int) -> None:
    tune = [pitch + semitones for pitch in (60, 62, 64, 65, 67, 69, 71, 72, 71, 67, 64, 65, 62, 60)]
    assert scored(midi(line(tune), key="C")).sharps == scored(midi(line(tune))).sharps == (semitones * 7 + 5) % 12 - 5


def test_any_other_key_counts_as_written() -> None:
    score = scored(midi(line((60, 62, 64, 65)), key="Dm"))
    assert (score.sharps, score.key_source, score.mode) == (-1, "record", "minor")


def test_bars_begin_as_the_time_signatures_say() -> None:
    bars = scored(midi(line((60,) * 7), metre="3/4")).bars
    assert [(bar.start, bar.length) for bar in bars] == [(0, 3), (3, 3), (6, 3)]


def test_nothing_but_drums_is_no_melody() -> None:
    found = parse(midi(line((36, 38)), channel=9), ".mid")
    assert isinstance(found, Unreadable)
    assert (found.reason, found.detail) == ("no notes", "nothing but drums (channel 10)")


def test_a_note_of_no_length_is_not_lost_in_silence() -> None:
    found = parse(midi([(0, 1, 60), (1, 1, 62), (2, 3, 64)]), ".mid")
    assert isinstance(found, Unreadable)
    assert found.reason == "notes of no length"


def test_a_broken_chord_does_not_move_what_comes_after() -> None:
    rolled = [(0.9, 2.0, 60), (0.95, 2.0, 64), (1.1, 2.0, 67), (2.0, 3.0, 72), (3.0, 4.0, 71)]
    place, onsets = 0.0, {}
    for pitch, length in notes(midi(rolled, ppq=100)):
        assert length > 0
        if pitch is not None:
            onsets[pitch] = place
        place += length
    assert onsets == pytest.approx({60: 0.9, 64: 0.95, 67: 1.1, 72: 2.0, 71: 3.0})


def test_a_short_note_that_the_next_one_cuts_does_not_move_it() -> None:
    cut = [(1.0, 1.125, 60), (1.0625, 2.0, 64), (2.0, 4.0, 67)]
    assert notes(midi(cut)) == [(None, 1.0), (60, 0.0625), (64, 0.9375), (67, 2.0)]


def test_notes_close_together_keep_their_places() -> None:
    close = [(1.0, 1.03125, 78), (1.03125, 2.0, 79), (2.0, 4.0, 80)]
    assert notes(midi(close)) == [(None, 1.0), (78, 0.03125), (79, 0.96875), (80, 2.0)]


def test_no_kind_is_forgotten() -> None:
    assert len(list(Path(KINDS).glob("mid-*.mid"))) == 11
