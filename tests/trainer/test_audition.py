import json
import math
from collections.abc import Sequence

import pytest

from antiphon.melody.grid import Note
from antiphon.melody.keys import SIGNATURES, transposition
from antiphon_trainer.audition.key import measure_hearer
from antiphon_trainer.audition.key_profiles import krumhansl_schmuckler
from antiphon_trainer.audition.songs import performed
from tests.trainer.conftest import Workplace

SCALE = [Note(60 + degree, 4) for degree in (0, 2, 4, 5, 7, 9, 11, 12)]


def test_who_always_says_the_same_key_is_right_as_often_as_it_was_drawn() -> None:
    found = measure_hearer(lambda notes: [0] * sum(note.pitch is not None for note in notes), [SCALE * 8] * 60, seed=1)
    assert found.plain.changes == 0
    assert found.plain.right_after[4] == found.plain.right_at_end == found.octaves_moved.right_at_end
    assert 0 < found.plain.right_at_end < 0.25
    assert all(0 < modulation.within[24] < 0.25 for modulation in found.modulations.values())


def test_who_hears_the_last_note_as_the_tonic_is_followed_through_the_figures() -> None:
    # Of a tune of one pitch, the signature whose tonic it is: always right, and at once after a modulation.
    def hear(notes: Sequence[Note]) -> list[int]:
        by_tonic = {-transposition(sharps) % 12: sharps for sharps in SIGNATURES}
        return [by_tonic[note.pitch % 12] for note in notes if note.pitch is not None]

    found = measure_hearer(hear, [[Note(60, 4), Note(None, 4)] * 50], seed=2)
    assert found.plain.right_after == {4: 1, 8: 1, 16: 1}
    assert (found.plain.right_at_end, found.plain.changes) == (1, 0)
    assert (found.octaves_moved.right_at_end, found.octaves_moved.changes) == (1, 0)
    for modulation in found.modulations.values():
        assert (modulation.within, modulation.right_at_end) == ({12: 1, 24: 1}, 1)


def test_changes_count_after_the_eighth_note_only() -> None:
    restless = lambda notes: [n % 2 for n in range(len(notes))]  # noqa: E731
    found = measure_hearer(restless, [SCALE * 2], seed=1)
    assert found.plain.changes == 8


def test_songs_too_short_are_left_out() -> None:
    found = measure_hearer(lambda notes: [0] * len(notes), [SCALE], seed=1)
    assert math.isnan(found.plain.right_after[16])
    assert math.isnan(found.modulations["a fifth up"].within[12])


@pytest.mark.parametrize("sharps", SIGNATURES)
def test_krumhansl_schmuckler_hears_a_scale_from_tonic_to_tonic(sharps: int) -> None:
    scale = [Note((note.pitch or 0) - transposition(sharps), note.steps) for note in SCALE]
    assert krumhansl_schmuckler([*scale, Note(None, 4)])[-1] == sharps
    assert len(krumhansl_schmuckler([*scale, Note(None, 4)])) == len(scale)


def test_a_melody_is_performed_in_time() -> None:
    times = [time for time, _ in performed([Note(60, 4), Note(None, 4), Note(62, 2)], bpm=120)]
    assert times == pytest.approx([0, 0.475, 1, 1.2375])


def test_the_command_prints_a_table_and_json(finished: Workplace) -> None:
    table = finished.succeeds("audition", "models/small", "--only", "key")
    for words in ("key: right signature", "octaves moved", "Krumhansl-Schmuckler", "a fifth up", "a fifth down"):
        assert words in table
    figures = json.loads(finished.succeeds("audition", "models/small", "--only", "key", "--json"))
    assert figures["key"]["songs"] == 2
    assert 0 <= figures["key"]["small"]["plain"]["right_at_end"] <= 1
    assert figures == json.loads(finished.succeeds("audition", "models/small", "--only", "key", "--json"))


def test_what_is_not_there_is_refused(finished: Workplace) -> None:
    assert "there is no such part" in finished.refuses("audition", "models/small", "--only", "ears")
    assert "no encoded song" in finished.refuses("audition", "models/small", "--songs", "nowhere")
