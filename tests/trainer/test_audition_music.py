"""What is counted of two voices and of melodies, and the table that `audition --music` prints."""

import hashlib
import json
from pathlib import Path

import mido
import pytest

from antiphon_trainer.audition.music import melodies, two_voices
from antiphon_trainer.audition.music.measuring import figures_of, spread
from antiphon_trainer.audition.music.melodies import on_grid
from antiphon_trainer.audition.music.playing import STEP_SECONDS, SoundingNote
from antiphon_trainer.corpus.songs import Song
from tests.trainer.conftest import Workplace


def voice(*notes: tuple[int, int]) -> list[SoundingNote]:
    """Return notes, (pitch, steps), one after the other; the pitch 0 is a rest."""
    found, step = [], 0
    for pitch, steps in notes:
        if pitch:
            found.append(SoundingNote(step * STEP_SECONDS, (step + steps) * STEP_SECONDS, pitch))
        step += steps
    return found


def shares(player: list[SoundingNote], answer: list[SoundingNote]) -> dict[str, float]:
    return {name: some / max(whole, 1e-9) for name, (some, whole) in two_voices.figures(player, answer).items()}


def test_what_sounds_together_is_counted_by_its_time() -> None:
    found = shares(voice((60, 4), (62, 4), (64, 4)), voice((58, 4), (0, 2), (62, 2), (47, 4)))
    assert found["clashes"] == found["major seconds"] == pytest.approx(0.4)
    assert found["unisons"] == pytest.approx(0.2)
    assert found["farther than a tenth"] == pytest.approx(0.4)


def test_perfect_intervals_in_the_same_direction_are_parallels() -> None:
    player = voice((60, 4), (62, 4), (64, 4), (60, 4))
    assert shares(player, voice((53, 4), (55, 4), (57, 4), (64, 4)))["parallels"] == pytest.approx(2 / 3)
    assert shares(player, voice((53, 4), (55, 4), (57, 4), (64, 4)))["parallels, three in a row"] == 0.5
    # A fifth below, then a fourth below, and back: none is a parallel.
    assert shares(player, voice((53, 4), (57, 4), (59, 4), (53, 4)))["parallels"] == 0
    assert shares(player, voice((57, 4), (53, 4), (52, 4), (57, 4)))["contrary motion"] == 1


def test_a_third_below_is_of_the_scale() -> None:
    below = two_voices.third_below(voice((60, 4), (62, 4), (64, 4), (65, 4), (67, 4), (69, 4), (71, 4), (72, 4)))
    assert [note.pitch for note in below] == [57, 59, 60, 62, 64, 65, 67, 69]


def test_bars_that_return_and_phrases_that_close_are_counted() -> None:
    bar, other = ((60, 4), (62, 4), (64, 4), (65, 4)), ((67, 8), (60, 8))
    melody = on_grid(voice(*bar, *bar, *bar, *other, *bar, *bar, *bar, (67, 8), (62, 8)), 0, 16, (0, 4, 7))
    found = melodies.figures(melody, 8)
    assert found["repeated bars"] == (5, 8)
    assert found["most returns of a pair"] == (4, 1)
    assert found["phrases that close"] == (1, 2)
    assert found["phrases that breathe"] == (2, 2)
    assert found["range"] == (7, 1)


def test_a_phrase_closes_before_an_upbeat_to_the_next() -> None:
    bar, upbeat = ((60, 4), (62, 4), (64, 4), (65, 4)), (67, 4)
    tune = [upbeat, *bar, *bar, *bar, (64, 4), (62, 4), (60, 4), upbeat, *bar, *bar, *bar, (60, 16)]
    assert melodies.figures(on_grid(voice(*tune), 4, 16, (0, 4, 7)), 8)["phrases that close"] == (2, 2)


def test_an_interval_holds_the_share_and_is_wider_for_fewer_tunes() -> None:
    few = figures_of([{"clashes": (0.0, 1.0)}, {"clashes": (1.0, 1.0)}] * 2, seed=1)["clashes"]
    many = figures_of([{"clashes": (0.0, 1.0)}, {"clashes": (1.0, 1.0)}] * 50, seed=1)["clashes"]
    assert few.value == many.value == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high


def test_songs_are_taken_at_equal_distances() -> None:
    songs = [Song(str(number), "", ["60"]) for number in range(10)]
    assert [song.name for song in spread(songs, 3)] == ["0", "3", "6"]
    assert spread(songs, 20) == songs


def test_the_command_prints_a_table_and_json(finished: Workplace) -> None:
    table = finished.succeeds("audition", "models/small", "--music", "--most", "1")
    for words in ("when = now", "when = onset", "clashes", "contrary motion", "a third below", "answers that close"):
        assert words in table
    figures = json.loads(finished.succeeds("audition", "models/small", "--music", "--most", "1", "--json"))
    assert figures["tunes"] == 1
    assert 0 <= figures["next-note, when = now"]["by default"]["clashes"]["value"] <= 1


def test_the_command_counts_chord_tones_of_tunes_with_chords(finished: Workplace, tmp_path: Path) -> None:
    save_with_chords(tmp_path / "tunes" / "a.mid", [72, 76, 79, 76, 72, 74, 76, 77] * 3, (48, 52, 55))
    half = "odd" if hashlib.sha256(b"a.mid").digest()[-1] % 2 else "even"
    arguments = ("audition", "models/small", "--chords", str(tmp_path / "tunes"), "--half", half)
    figures = json.loads(finished.succeeds(*arguments, "--json"))
    assert figures["tunes"] == 1
    assert figures["next-note"]["real"]["value"] == 1  # 72 and 72: each fourth note is on a strong beat
    assert figures["next-note"]["hearing"]["value"] >= figures["next-note"]["deaf"]["value"]
    agreement = figures["accompany"]
    for who in ("after the beat", "with the beat", "with a left hand"):
        assert 0 <= agreement[who]["root"]["value"] <= agreement["always the tonic"]["root"]["value"] == 1
    assert agreement["I, IV or V by the bar"]["overlap"]["value"] == 1
    table = finished.succeeds(*arguments)
    assert "of the way" in table and "I, IV or V by the bar" in table
    assert "is no folder" in finished.refuses("audition", "models/small", "--chords", "nowhere")


def save_with_chords(path: Path, tune: list[int], chord: tuple[int, ...]) -> None:
    """Write a tune in quarter notes in 4/4 over one chord, struck in each bar."""
    file = mido.MidiFile(ticks_per_beat=480)
    upper, lower = file.add_track(), file.add_track()
    upper.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    upper.append(mido.MetaMessage("key_signature", key="C"))
    for pitch in tune:
        upper.append(mido.Message("note_on", note=pitch, velocity=80))
        upper.append(mido.Message("note_off", note=pitch, time=480))
    for _ in range(len(tune) // 4):
        lower += [mido.Message("note_on", note=pitch, velocity=60) for pitch in chord]
        lower += [mido.Message("note_off", note=pitch, time=1920 * (pitch == chord[0])) for pitch in chord]
    path.parent.mkdir()
    file.save(path)
