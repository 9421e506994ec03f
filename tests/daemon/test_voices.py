"""The melody among all that two hands play: each test is a kind of accompaniment, played in many ways."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.input.routing import InputRouting
from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote, WithdrawnNote
from antiphon.improviser.models import ListeningModel
from antiphon.improviser.tempo.timekeeping import Timekeeper
from antiphon.melody.grid import Tempo
from antiphon.midi.messages import ControlChange, NoteOn
from antiphon.midi.protocol import SUSTAIN
from antiphon.musician import load_musician
from antiphon.parameters import Melody
from antiphon.settings import read_settings
from tests.daemon.midi_files import save_events
from tests.daemon.players import improviser, ons, play
from tests.daemon.stub_model import VOCABULARY, StubModel
from tests.daemon.tunes import Played, as_events

TUNE = (72, 76, 74, 71, 72, 74, 76, 77, 76, 74, 72, 71, 72)


def listener() -> Listener:
    return Listener(ListeningModel(StubModel(), VOCABULARY, (0,)), Timekeeper(Tempo(100.0)), 2)


def heard_of(notes: Played) -> list[HeardNote]:
    hearing, heard = listener(), list[HeardNote]()
    for time, event in as_events(notes):
        hear = hearing.note_on if isinstance(event, NoteOn) else hearing.note_off
        found = hear(time, event.pitch)
        if isinstance(found, WithdrawnNote) or (found is not None and found.replaces):
            heard.pop()
        if isinstance(found, HeardNote):
            heard.append(found)
    return heard


def melody_of(notes: Played) -> list[int]:
    return [note.pitch for note in heard_of(notes)]


@pytest.mark.parametrize("name", ["alberti", "legato-leaps", "melody-lead", "rolled-chords"])
def test_a_musician_s_cases_are_heard_as_she_hears_them(name: str) -> None:
    """Each file says in words what she hears; its notes are [onset, end, pitch]."""
    case = json.loads((Path(__file__).parent / "cases" / "playing" / f"{name}.json").read_text(encoding="utf-8"))
    assert melody_of([(on, off, pitch) for on, off, pitch in case["notes"]]) == case["expected"]["melody"]


# Accompaniments: each returns the notes under one note of the melody that starts at 0 and lasts `length` seconds.

Under = Callable[[float, int], Played]


def alberti(length: float, bass: int) -> Played:
    part = length / 4
    return [(n * part, n * part + 0.88 * part, bass + step) for n, step in enumerate((0, 7, 4, 7))]


def waltz(length: float, bass: int) -> Played:
    part = length / 3
    chords = [(n * part, (n + 0.5) * part, bass + step) for n in (1, 2) for step in (7, 12, 16)]
    return [(0.0, 0.8 * part, bass - 5), *chords]


def octaves(length: float, bass: int) -> Played:
    part = length / 2
    return [(n * part, (n + 0.9) * part, bass - down) for n in (0, 1) for down in (12, 0)]


def broken(length: float, bass: int) -> Played:
    part = length / 6
    return [(n * part, length * 0.95, bass + step) for n, step in enumerate((0, 4, 7, 12, 7 + 9, 12 + 7))][:4]


def block(length: float, bass: int) -> Played:
    return [(0.0, 0.9 * length, bass + step) for step in (0, 4, 7)]


def with_accompaniment(
    tune: Sequence[int], under: Under, length: float, lead: float = 0.0, jitter: float = 0.0, seed: int = 0
) -> Played:
    """Play a tune over an accompaniment that begins two octaves below it, the tune `lead` seconds earlier."""
    chance, notes = np.random.default_rng(seed), Played()
    for number, pitch in enumerate(tune):
        start = 1 + number * length
        notes.append((start - lead, start + 0.97 * length - lead, pitch))
        for on, off, low in under(length, min(tune) - 24):
            moved = float(chance.uniform(0, jitter))
            notes.append((start + on + moved, start + off + moved, low))
    return notes


@pytest.mark.parametrize("semitones", [0, -7, -14, 5], ids=lambda n: f"{n:+}")
@pytest.mark.parametrize("length", [0.6, 1.2])
@pytest.mark.parametrize("under", [alberti, waltz, octaves, broken, block])
def test_an_accompaniment_is_none_of_the_melody(under: Under, length: float, semitones: int) -> None:
    tune = [pitch + semitones for pitch in TUNE]  # down to 57, well below middle C
    assert melody_of(with_accompaniment(tune, under, length)) == tune


@given(
    st.sampled_from([alberti, waltz, octaves, broken, block]),
    st.lists(st.integers(-4, 4), min_size=6, max_size=30),
    st.floats(0.5, 1.5),
    st.floats(0, 0.035),
    st.integers(0, 1000),
)
@settings(max_examples=60)
def test_however_the_hands_play_the_melody_is_heard(
    under: Under, steps: list[int], length: float, lead: float, seed: int
) -> None:
    """In any tune of small steps, with the hands up to 45 ms apart, every note is heard, and no other."""
    tune = [70]
    for step in steps:
        tune.append(min(84, max(60, tune[-1] + step)))
    assert melody_of(with_accompaniment(tune, under, length, lead, 0.010, seed)) == tune


@pytest.mark.parametrize("lead", [0.0, 0.02, 0.035, 0.045])
def test_a_melody_that_leads_its_chord_is_heard_alone(lead: float) -> None:
    assert melody_of(with_accompaniment(TUNE, block, 0.7, lead, 0.004)) == list(TUNE)


@pytest.mark.parametrize("apart", [0.012, 0.025, 0.042, 0.05])
@pytest.mark.parametrize("chord", [(0, 7, 16, 24), (0, 4, 7, 12), (0, 12, 16, 19)])
def test_of_a_rolled_chord_the_top_is_heard(chord: tuple[int, ...], apart: float) -> None:
    notes = [
        (1 + 0.75 * n + apart * m, 1.7 + 0.75 * n, top - chord[-1] + step)
        for n, top in enumerate(TUNE)
        for m, step in enumerate(chord)
    ]
    heard = heard_of(notes)
    assert [note.pitch for note in heard] == list(TUNE)
    # The melody's onset is its own, not that of the chord's lowest note.
    assert [note.time for note in heard] == pytest.approx([1 + 0.75 * n + apart * 3 for n in range(len(TUNE))])


@pytest.mark.parametrize("overlap", [-0.05, 0.0, 0.06, 0.15, 0.25])
@pytest.mark.parametrize("leap", [3, 5, 9, 12, 19, 24])
def test_nothing_is_lost_of_a_melody_that_is_played_alone(leap: int, overlap: float) -> None:
    tune = [79 - leap * (n % 2) - n % 3 for n in range(24)]
    notes = [(1 + 0.6 * n, 1.6 + 0.6 * n + overlap, pitch) for n, pitch in enumerate(tune)]
    assert melody_of(notes) == tune


@given(st.lists(st.tuples(st.integers(48, 96), st.floats(0.12, 1.5), st.floats(0.3, 1.2)), max_size=40))
@example([(61, 1.0, 1.125), (48, 0.125, 0.5)])
def test_a_melody_alone_is_heard_whole(played: list[tuple[int, float, float]]) -> None:
    """With any leap, staccato or legato, as long as a key comes up within 100 ms of the next one's going down."""
    notes, time = Played(), 1.0
    for pitch, length, share in played:
        notes.append((time, min(time + share * length, time + length + 0.1), pitch))
        time += length
    again = {pitch for (pitch, *_), (other, *_) in itertools.pairwise(played) if pitch == other}
    if not again:  # a key must come up before it can go down again
        assert melody_of(notes) == [pitch for pitch, *_ in played]


def test_a_legato_leap_over_a_left_hand_is_heard_as_the_upper_key_comes_up() -> None:
    notes = with_accompaniment(TUNE, alberti, 0.8)
    start = 1 + 0.8 * len(TUNE)
    leap = [(start, start + 0.86, 77), (start + 0.8, start + 1.6, 71)]
    assert melody_of(notes + leap) == [*TUNE, 77, 71]
    leaps = [(start + 0.4 * n, start + 0.46 + 0.4 * n, 77 - 7 * (n % 2)) for n in range(8)]
    assert melody_of(notes + leaps) == [*TUNE, *(77, 70) * 4]
    held = [(start, start + 1.6, 77), (start + 0.8, start + 1.6, 71)]
    assert melody_of(notes + held) == [*TUNE, 77]
    staccato = [(start, start + 0.86, 77), (start + 0.8, start + 0.84, 71)]
    assert melody_of(notes + staccato) == [*TUNE, 77]
    chord = [(start, start + 0.86, 77), (start + 0.8, start + 1.6, 68), (start + 0.81, start + 1.6, 60)]
    assert melody_of(notes + chord) == [*TUNE, 77]


def test_a_grace_note_within_a_trill_s_reach_is_no_chord() -> None:
    notes = [(1.0, 1.552, 72), (1.545, 1.595, 74), (1.6, 2.152, 72), (2.145, 2.195, 71), (2.2, 2.7, 72)]
    assert melody_of(notes) == [72, 74, 72, 71, 72]
    nearer = [(1.0, 1.5, 67), (2.0, 2.06, 71), (2.045, 2.5, 72)]
    assert melody_of(nearer) == [67, 71, 72]


def test_a_trill_over_a_left_hand_is_melody() -> None:
    trill = [(4.0 + 0.09 * n, 4.1 + 0.09 * n, 74 + 2 * (n % 2)) for n in range(20)]
    under = [(0.3 * n, 0.3 * n + 0.27, pitch) for n, pitch in enumerate((48, 55, 52, 55) * 5)]
    tune = [(0.006 + 0.6 * n, 0.58 + 0.6 * n, pitch) for n, pitch in enumerate((72, 74, 76, 74, 72, 71))]
    heard = melody_of(tune + trill + under)
    assert [pitch for pitch in heard if pitch > 60] == [72, 74, 76, 74, 72, 71] + [74, 76] * 10


def test_hands_that_cross_for_a_while_are_heard_again_afterwards() -> None:
    """The left hand crosses over: what it plays on top is melody, and then the tune goes on."""
    notes = with_accompaniment(TUNE, alberti, 0.8)
    start = 1 + 0.8 * len(TUNE)
    over = [(start + 0.4 * n, start + 0.4 * n + 0.3, pitch) for n, pitch in enumerate((84, 86, 88))]
    middle = [(start + 0.1 * n, start + 0.1 * n + 0.09, 60 + 4 * (n % 2)) for n in range(12)]
    later = start + 1.2 - 1
    back = [(on + later, off + later, pitch) for on, off, pitch in with_accompaniment(TUNE, alberti, 0.8)]
    heard = melody_of([*notes, *over, *middle, *back])
    assert heard[: len(TUNE) + 3] == [*TUNE, 84, 86, 88]
    assert heard[-len(TUNE) + 3 :] == list(TUNE[3:])


def test_a_key_that_is_stuck_does_not_deafen() -> None:
    """Its note-off was lost; ten seconds later, all below it is heard again."""
    stuck = [(0.0, 1000.0, 100)]
    tune = [(20 + 0.5 * n, 20.45 + 0.5 * n, pitch) for n, pitch in enumerate(TUNE)]
    assert melody_of(stuck + tune) == [100, *TUNE]


def test_a_low_melody_is_heard_where_the_high_one_has_ended() -> None:
    notes = with_accompaniment(TUNE, alberti, 0.8)
    start = notes[-1][1] + 3
    low = [(start + 0.5 * n, start + 0.5 * n + 0.45, pitch - 24) for n, pitch in enumerate(TUNE)]
    assert melody_of(notes + low)[-len(TUNE) :] == [pitch - 24 for pitch in TUNE]


def test_the_accompaniment_is_heard_as_harmony() -> None:
    hearing = listener()
    for time, event in as_events(with_accompaniment(TUNE, alberti, 0.8)):
        (hearing.note_on if isinstance(event, NoteOn) else hearing.note_off)(time, event.pitch)
    weights = hearing.harmony.at(hearing.harmony.time)
    bass = (min(TUNE) - 24) % 12
    assert {pitch for pitch, weight in enumerate(weights) if weight > 0.5} == {bass, (bass + 4) % 12, (bass + 7) % 12}
    later = hearing.harmony.at(hearing.harmony.time + 2)
    assert later == pytest.approx([weight / 2 for weight in weights])


def test_the_accompaniment_says_in_which_key_a_melody_is() -> None:
    """Five notes that are of C major, of F and of G: the left hand has a B♮ and an F♮, or B♭, or F♯."""
    tune = [72, 74, 76, 79, 76, 74, 72, 79, 81, 79, 76, 74]

    def sharps(*basses: int) -> int:
        hearing = Listener(ListeningModel(StubModel(), VOCABULARY), Timekeeper(Tempo(100.0)), 2)
        chords = [(basses[n % 2], basses[n % 2 + 2]) for n in range(12)]
        under = [(0.5 * n + 0.01, 0.5 * n + 0.4, bass) for n, chord in enumerate(chords) for bass in chord]
        for time, event in as_events([*((0.5 * n, 0.5 * n + 0.45, pitch) for n, pitch in enumerate(tune)), *under]):
            (hearing.note_on if isinstance(event, NoteOn) else hearing.note_off)(time, event.pitch)
        return hearing.sharps

    assert [sharps(48, 53, 55, 59), sharps(48, 53, 57, 58), sharps(50, 55, 54, 59)] == [0, -1, 1]


def test_a_melody_alone_has_no_harmony_to_tell_its_key_by() -> None:
    hearing = listener()
    for n, pitch in enumerate(TUNE):
        hearing.note_on(0.5 * n, pitch)
        hearing.note_off(0.5 * n + 0.6, pitch)
    assert hearing._state.key_posterior.harmony is None


def test_a_note_that_is_taken_back_leaves_the_beat_where_it_was() -> None:
    """At 100 BPM a step is 0.15 s: the lower note came at 1.6 steps, and the one that counts at 3.45."""
    heard = heard_of([(0.0, 2.0, 79), (0.24, 0.4, 60), (0.5175, 0.8, 77)])
    assert [(note.pitch, note.step) for note in heard] == [(79, 0), (77, 3)]


def test_a_run_that_never_stops_is_no_rolled_chord() -> None:
    """An arpeggio, 45 ms a key, every key held: it is heard again and again, not as one note."""
    white = [60 + 12 * octave + step for octave in (0, 1) for step in (0, 4, 7)]
    assert len(melody_of([(1 + 0.045 * n, 2.0, pitch) for n, pitch in enumerate(white)])) == 2


# What is answered, and when


def test_a_rolled_chord_is_answered_once_at_its_first_note() -> None:
    roll = [(1 + 0.042 * n, 2.0, pitch) for n, pitch in enumerate((48, 55, 64, 72))]
    assert [time for time, _ in ons(play(improviser(), as_events(roll)))] == [1.0]


def test_a_lone_legato_leap_is_answered_at_once_and_a_left_hand_is_not() -> None:
    leap = [(1.0, 1.66, 79), (1.6, 2.26, 71)]
    assert [time for time, _ in ons(play(improviser(), as_events(leap)))] == [1.0, 1.6]
    notes = with_accompaniment(TUNE, alberti, 0.8)
    times = [time for time, _ in ons(play(improviser(), as_events(notes)))]
    onsets = [1 + 0.8 * n for n in range(len(TUNE))]
    assert times == pytest.approx(onsets)  # nor are its first notes, before it is known that it plays
    near = [(1.0, 4.0, 76), *((1.4 + 0.4 * n, 1.7 + 0.4 * n, 67 + n % 3) for n in range(5))]
    times = [time for time, _ in ons(play(improviser(), as_events(near)))]
    assert times == pytest.approx([1.0, 1.4, 1.8])  # within an octave, two may be a melody that goes on


def test_a_wide_legato_leap_is_answered_when_the_upper_key_comes_up() -> None:
    leap = [(1.0, 1.66, 79), (1.6, 2.26, 60)]
    assert [time for time, _ in ons(play(improviser(), as_events(leap)))] == [1.0, 1.66]


def test_a_beginner_s_fingers_lift_late() -> None:
    """A scale down and up again, each key held until the next but three: in none of it does a second voice begin."""
    tune = [67, 65, 64, 62, 60, 59, 57, 59, 60, 62, 64, 65, 67]
    notes = [(1 + 0.3 * n, 2.25 + 0.3 * n, pitch) for n, pitch in enumerate(tune)]
    assert melody_of(notes) == tune


def test_a_run_is_no_chord_where_its_first_key_is_up() -> None:
    """45 ms a key, each held until the next one is down and no longer."""
    run = [(1 + 0.045 * n, 1.05 + 0.045 * n, 60 + 4 * n) for n in range(10)]
    assert len(melody_of(run)) >= 5


def test_a_note_that_was_none_of_the_melody_leaves_the_call_again() -> None:
    heard: list[HeardNote | WithdrawnNote] = []
    player = improviser(mode="call-response", heard=heard)  # type: ignore[arg-type]
    for time, event in as_events([(1.0, 2.5, 79), (1.6, 2.0, 70)]):
        player.receive(time, event)
    assert [type(note) for note in heard] == [HeardNote, HeardNote, WithdrawnNote]
    assert player._call.call.pitches == (79,)


@pytest.mark.parametrize("seed", [8, 10, 14, 15])  # with these it would come after the key is up
def test_what_was_to_answer_a_note_that_is_taken_back_is_not_played(seed: int) -> None:
    """With `when = "onset"` an answer waits for its moment: here, of the lower key, no melody."""
    player = improviser(when="onset", seed=seed)
    messages = play(player, as_events([(1.0, 1.95, 79), (1.6, 1.9, 60)]))
    assert not [time for time, _ in ons(messages) if time > 1.95]


def test_a_pedal_holds_no_key_down() -> None:
    """A melody that falls by leaps, each key lifted before the next, under ten seconds of pedal."""
    heard: list[HeardNote] = []
    tune = [84, 76, 67, 79, 72, 60, 74, 62, 55, 69] * 2
    notes = [(0.5 * n, 0.5 * n + 0.45, pitch) for n, pitch in enumerate(tune)]
    pedal = [(0.0, ControlChange(SUSTAIN, 127, 1)), *as_events(notes), (10.0, ControlChange(SUSTAIN, 0, 1))]
    play(improviser(heard=heard), pedal)
    assert [note.pitch for note in heard] == tune


# Where the melody is, as set


def test_from_the_split_point_up_is_the_melody() -> None:
    heard: list[HeardNote] = []
    lonely = [(float(n), n + 0.5, pitch) for n, pitch in enumerate((72, 48, 74, 59, 60))]
    player = improviser(hands=InputRouting(split=60, melody="split", thru_channel=3), heard=heard)
    play(player, as_events(lonely))
    assert [note.pitch for note in heard] == [72, 74, 60]
    assert player._listener.harmony.weights[11] > 0


def test_a_channel_may_have_the_melody_below_all_others() -> None:
    heard: list[HeardNote] = []
    player = improviser(channel=5, hands=InputRouting(channel=2, melody="channel", thru_channel=3), heard=heard)
    low = [(float(n), NoteOn(pitch, 80, 2)) for n, pitch in enumerate((48, 50, 52))]
    high = [(n + 0.5, NoteOn(pitch, 80, 1)) for n, pitch in enumerate((72, 76, 79))]
    play(player, sorted([*low, *high], key=lambda each: each[0]))
    assert [note.pitch for note in heard] == [48, 50, 52]


def test_a_left_hand_that_is_set_apart_goes_on_under_the_answer() -> None:
    def answer(melody: Melody) -> list[float]:
        player = improviser(mode="call-response", hands=InputRouting(split=60, melody=melody, thru_channel=3))
        call = [(0.5 * n, 0.5 * n + 0.45, pitch) for n, pitch in enumerate(TUNE)]
        comping = [(0.5 * n, 0.5 * n + 0.4, 48) for n in range(30)]
        return [time for time, _ in ons(play(player, as_events([*call, *comping]))) if time < 15]

    assert len(answer("split")) > 5
    assert len(answer("top")) <= 1  # the next key of the left hand ends its turn


@pytest.mark.parametrize(("melody", "missing"), [("split", "hands.split"), ("channel", "hands.channel")])
def test_where_the_melody_is_must_be_told_in_full(melody: str, missing: str) -> None:
    with pytest.raises(UserError, match=f"{missing} is 0: set it to"):
        load_musician(read_settings(None, {"play": {"melody": melody}}))


def test_a_file_is_heard_by_the_same_rules(tmp_path: Path) -> None:
    """`antiphon listen` prints the melody of a texture, and with `--melody split` what lies above the split point."""
    save_events(tmp_path / "alberti.mid", as_events(with_accompaniment(TUNE, alberti, 0.8)))
    assert listened(tmp_path, "alberti.mid") == list(TUNE)
    (tmp_path / "config.toml").write_text("[hands]\nsplit = 74\n")
    assert listened(tmp_path, "alberti.mid", "--melody", "split") == [pitch for pitch in TUNE if pitch >= 74]


def listened(folder: Path, *words: str) -> list[int]:
    command = [sys.executable, "-m", "antiphon", "listen", "--json", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return [json.loads(line)["pitch"] for line in done.stdout.splitlines()]
