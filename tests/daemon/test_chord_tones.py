"""On strong beats, what is played belongs to the chord that the left hand has sounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.improviser.answering.chord_tones import ChordTones, chord_tone, heard_chord
from antiphon.improviser.answering.style import Style
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.harmony import Harmony
from antiphon.midi.messages import NoteOff, NoteOn
from antiphon.parameters import Mode
from tests.daemon.players import improviser, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel

HANDS = InputRouting(channel=1, melody="channel", thru_channel=3)


def harmony(*notes: tuple[float, int]) -> Harmony:
    found = Harmony()
    for time, pitch in notes:
        found = found.after(time, pitch)
    return found


def test_without_a_left_hand_there_is_no_chord_and_it_is_over_some_seconds_after_it() -> None:
    assert heard_chord(Harmony(), 0.0) is None
    one = harmony((0.0, 48), (0.0, 52), (0.0, 55))
    chord = heard_chord(one, 1.0)
    assert chord is not None
    assert [pitch for pitch, weight in enumerate(chord) if weight == 1] == [0, 4, 7]
    assert heard_chord(one, 10.0) is None


def test_the_chord_before_counts_less() -> None:
    chord = heard_chord(harmony((0.0, 48), (0.0, 52), (2.0, 43), (2.0, 47)), 2.0)
    assert chord is not None
    assert chord[7] == chord[11] == 1
    assert chord[0] == chord[4] < 0.3


def test_what_is_held_counts_for_more_than_what_came_more_often_and_for_as_long_as_it_is_held() -> None:
    tonic_thrice = [(float(n), pitch) for n in range(3) for pitch in (48, 52, 55)]
    sounded = harmony(*tonic_thrice, *((3.0, pitch) for pitch in (53, 57, 60)))
    let_go, held = heard_chord(sounded, 3.0), heard_chord(sounded, 3.0, (53, 57, 60))
    assert let_go is not None
    assert held is not None
    assert let_go[4] == pytest.approx(let_go[7])
    assert let_go[4] > let_go[5]
    assert held[5] == held[9] == held[0] == 1
    assert held[4] == held[7] < 0.7
    assert heard_chord(sounded, 60.0) is None
    assert heard_chord(sounded, 60.0, (53,)) is not None


def test_when_a_note_starts_stays_the_model_s() -> None:
    probabilities = StubModel().step(np.array([VOCABULARY.pitches[60]]), StubModel().initial_state(1))[0][0]
    chord = heard_chord(harmony((0.0, 48)), 0.0)
    assert chord is not None
    weighed = ChordTones(VOCABULARY, chord, 0, 1.0).weighed(probabilities)
    assert weighed.sum() == pytest.approx(probabilities.sum(), rel=1e-5)
    assert (weighed[[VOCABULARY.hold, VOCABULARY.rest]] == probabilities[[VOCABULARY.hold, VOCABULARY.rest]]).all()
    assert ChordTones(VOCABULARY, chord, 0, 0.0).weighed(probabilities) == pytest.approx(probabilities)


@given(st.integers(40, 90), st.floats(0, 1))
def test_a_planned_note_moves_to_a_chord_tone_near_it_or_not_at_all(pitch: int, share: float) -> None:
    chord = heard_chord(harmony((0.0, 48), (0.0, 52), (0.0, 55)), 0.0)
    assert chord is not None
    candidates = np.arange(36, 97)
    found = chord_tone(pitch, candidates, chord, share)
    assert found == pitch or (found % 12 in (0, 4, 7) and abs(found - pitch) <= 4)
    assert chord_tone(pitch, candidates, chord, 1.0) % 12 in (0, 4, 7)
    assert chord_tone(pitch, candidates[:0], chord, 1.0) == pitch


def pitches(mode: Mode, chord: tuple[int, ...], seed: int, share: float = 1.0) -> list[int]:
    """Return the pitch classes of what is played on beats, to a tune in C and a chord that is struck each second."""
    tune = [60, 62, 64, 65, 67, 65, 64, 62]
    events = [(0.5 * n, NoteOn(pitch, 80, 1)) for n, pitch in enumerate(tune)]
    events += [(time + 0.45, NoteOff(event.pitch, 1)) for time, event in events if isinstance(event, NoteOn)]
    for bar in range(12):
        events += [(max(0, bar - 0.02), NoteOn(pitch, 60, 4)) for pitch in chord]
        events += [(bar + 0.9, NoteOff(pitch, 4)) for pitch in chord]
    player = improviser(mode=mode, seed=seed, hands=HANDS, style=Style(harmony=share), signatures=(0,))
    played = ons(play(player, sorted(events, key=lambda each: each[0]), rest=0 if chord else 8))
    return [note.pitch % 12 for time, note in played if time % 0.5 == pytest.approx(0, abs=1e-6) and time < 11.9]


@pytest.mark.parametrize("mode", ["next-note", "continue"])
def test_on_a_beat_it_plays_what_the_left_hand_plays(mode: Mode) -> None:
    def share_of(chord: tuple[int, ...], heard: tuple[int, ...], harmony: float = 1.0) -> float:
        played = [pitch for seed in range(2) for pitch in pitches(mode, heard, seed, harmony)]
        assert len(played) > 12
        return sum(pitch in {each % 12 for each in chord} for pitch in played) / len(played)

    f_major = (53, 57, 60)
    deaf, hearing = share_of(f_major, ()), share_of(f_major, f_major)
    assert hearing > 0.75 > deaf + 0.2
    assert share_of(f_major, f_major, harmony=0.0) < 0.6
