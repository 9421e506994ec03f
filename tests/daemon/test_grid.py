from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from antiphon.melody.grid import Note, Tempo, read, spell

melodies = st.lists(st.builds(Note, st.none() | st.integers(0, 127), st.integers(1, 64)))
tempos = st.builds(Tempo, st.floats(20, 400), st.floats(-1e5, 1e5), st.floats(0, 1e5))


@given(melodies)
def test_reading_is_the_inverse_of_spelling(melody: list[Note]) -> None:
    symbols = spell(melody)
    assert len(symbols) == sum(note.steps for note in melody)
    assert list(read([*symbols, "/", "60"])) == melody


@given(tempos, st.floats(-1e5, 1e5))
def test_seconds_and_steps_are_inverse(tempo: Tempo, time: float) -> None:
    assert tempo.time_of(tempo.step_at(time)) == approx(time, abs=1e-4)


@given(tempos, st.floats(20, 400), st.floats(-1e5, 1e5))
def test_a_change_of_tempo_loses_no_step(tempo: Tempo, bpm: float, time: float) -> None:
    changed = tempo.changed(bpm, time)
    assert changed.step_at(time) == tempo.step_at(time)
    assert changed.step_at(time + 60 / bpm) == approx(tempo.step_at(time) + 4, abs=1e-4)
