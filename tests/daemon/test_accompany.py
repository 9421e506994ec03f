"""Accompanying, in virtual time: chords on the beat, once key and beat are believed, until the performer stops."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.errors import UserError
from antiphon.improviser.accompanying.accompanist import DOUBTED, KEY_BELIEVED
from antiphon.improviser.accompanying.chords import CHORDS, HalfBarAhead, first_belief
from antiphon.improviser.accompanying.passages import MOST, Expected, Note, Passages, evidence, half_bar
from antiphon.improviser.accompanying.voicing import Voicing, parallels, voiced
from antiphon.improviser.answering.constraints import Constraints
from antiphon.improviser.answering.style import Style
from antiphon.improviser.events import Event, TempoChange, Timed
from antiphon.improviser.improviser import Improviser
from antiphon.improviser.input.controls import Control
from antiphon.improviser.output.metronome import Click
from antiphon.improviser.tempo.link_session import LinkTimeline
from antiphon.melody.window import HELD, RESTED
from antiphon.midi.messages import ControlChange, NoteOff, NoteOn
from antiphon.musician import accompaniment_channel_of, load_musician
from antiphon.parameters import Accompaniment
from antiphon.settings import read_settings
from tests.daemon.players import BPM, STEP, check_sounding, improviser
from tests.daemon.tunes import ODE_TO_JOY, events
from tests.soak.witness import size

CHANNEL = 4
HALF_BAR = 8 * STEP
CLICK = Click(10, 76, 77)
ODE = list(events(ODE_TO_JOY, BPM))
END = 32 * 4 * STEP
LATE = 0.005
"""Seconds, at most, by which a chord may come after its beat has jumped there."""
TOLERANCE = 2e-6
"""Seconds; a chord is due a microsecond after the beat, behind what the performer plays at that very moment."""


def accompanist(**options: object) -> Improviser:
    return improviser(mode="accompany", click=CLICK, **options)  # type: ignore[arg-type]


def chords(messages: Iterable[Timed], channel: int = CHANNEL) -> list[tuple[float, tuple[NoteOn, ...]]]:
    """Return what was played together on the accompaniment's channel, and when."""
    found: dict[float, list[NoteOn]] = {}
    for timed in messages:
        if isinstance(timed.message, NoteOn) and timed.message.channel == channel:
            found.setdefault(timed.time, []).append(timed.message)
    return [(time, tuple(notes)) for time, notes in found.items()]


def played(player: Improviser, performance: Iterable[tuple[float, Event | Control]], until: float) -> list[Timed]:
    messages = [timed for time, event in performance for timed in player.receive(time, event)]
    messages += player.advance(until) + player.close(until)
    check_sounding(messages)
    return messages


def test_each_half_bar_has_a_chord_on_the_beat_once_the_key_is_believed() -> None:
    found = chords(played(accompanist(), ODE, END + 20))
    times = [time for time, _ in found]
    assert 1.9 < times[0] < 5.0
    assert all(two - one == pytest.approx(HALF_BAR) for one, two in pairwise(times))
    assert all(0 <= time - round(time / HALF_BAR) * HALF_BAR <= TOLERANCE for time in times)
    roots = [notes[0].pitch % 12 for _, notes in found]
    assert set(roots) <= {0, 2, 5, 7, 9}
    assert {0, 7} <= set(roots)
    assert all(notes[0].velocity < 80 for _, notes in found)


@pytest.mark.parametrize(("part", "counts"), [("chords", {3}), ("bass", {1}), ("both", {4})])
def test_it_plays_chords_a_bass_or_both(part: Accompaniment, counts: set[int]) -> None:
    found = chords(played(accompanist(style=Style(accompaniment=part)), ODE, END))
    assert {len(notes) for _, notes in found} == counts
    turned = chords(played(accompanist(), [(0.0, Control("accompaniment", part)), *ODE], END))
    assert {len(notes) for _, notes in turned} == counts


def test_it_lies_below_the_melody_and_in_the_range_that_is_set() -> None:
    for style in (Style(), Style(constraints=Constraints(lowest=45, highest=55))):
        found = chords(played(accompanist(style=style), ODE, END))
        pitches = [note.pitch for _, notes in found for note in notes]
        assert pitches and max(pitches) < min(pitch for pitch, _ in ODE_TO_JOY)
        assert style.constraints.lowest <= min(pitches) and max(pitches) <= style.constraints.highest
    low = list(events([(pitch - 36, beats) for pitch, beats in ODE_TO_JOY], BPM))
    assert not chords(played(accompanist(), low, END))  # there is no room below it


def test_without_a_beat_that_both_hear_it_finds_the_performers_and_otherwise_waits() -> None:
    play = {"mode": "accompany", "bpm": BPM, "seed": 1}
    player = load_musician(read_settings(None, {"play": play})).improviser(BPM, 0.0, 1)
    found = [time for timed in played(player, ODE, END + 20) if (time := timed.time) and timed.message.channel == 3]
    assert found and min(found) > 2
    assert all(min(time % HALF_BAR, -time % HALF_BAR) < 0.3 * HALF_BAR for time in found)
    # The stub knows nothing of barlines.
    assert not chords(played(improviser(mode="accompany"), ODE, END))


@pytest.mark.parametrize("ahead", [0.002, 0.02, 0.05])
def test_a_chord_that_would_be_late_is_left_out(ahead: float) -> None:
    """Link's beat moves ahead by so many seconds shortly before a half bar, beyond where it was to begin."""
    player = improviser(mode="accompany", sync="link")
    moved = 8 * HALF_BAR - 0.001
    link: list[tuple[float, Event]] = [
        (0.0, LinkTimeline(BPM, 0.0, 0.0, False, 1)),
        (moved, LinkTimeline(BPM, moved, (moved + ahead) / (4 * STEP), False, 1)),
    ]
    script = sorted([*link, *ODE], key=lambda each: each[0])
    times = [time for time, _ in chords(played(player, script, END))]
    assert [time for time in times if time < moved]
    # From then on half bars begin so much sooner.
    assert all((time + ahead) % HALF_BAR <= LATE for time in times if time >= moved)
    at_once = [time for time in times if moved <= time < moved + 4 * STEP]
    assert len(at_once) == (ahead < LATE)


def test_what_was_due_while_the_process_stood_still_is_not_caught_up_with() -> None:
    player = accompanist()
    messages = [timed for time, event in ODE if time < END / 2 for timed in player.receive(time, event)]
    stopped, goes_on = player.now, player.now + 3.3
    messages += player.resume(stopped, goes_on) + player.receive(goes_on + 0.1, NoteOn(64, 80, 1))
    messages += player.advance(goes_on + 3) + player.close(goes_on + 3)
    check_sounding(messages)
    times = [time for time, _ in chords(messages)]
    assert not [time for time in times if stopped < time < goes_on]
    assert all(time % HALF_BAR <= TOLERANCE for time in times)


def pauses(player: Improviser, end: Event | Control | None) -> list[Timed]:
    """Play the ode's first half, and then `end`, or nothing."""
    half = [each for each in ODE if each[0] < END / 2]
    return played(player, [*half, *([] if end is None else [(END / 2 + 0.1, end)])], END / 2 + 60)


@pytest.mark.parametrize("end", [None, Control("panic"), Control("mode", "call-response")])
def test_it_stops_with_the_performer(end: Control | None) -> None:
    messages = pauses(accompanist(), end)
    last = max(timed.time for timed in messages if timed.message.channel == CHANNEL)
    assert chords(messages)
    # Two beats from the last note's end, or at once, but for what a note sounds at least.
    assert last <= END / 2 + (0.1 + 0.06 if end else HALF_BAR) + TOLERANCE


def test_panic_silences_its_channel_too() -> None:
    messages = pauses(accompanist(), Control("panic"))
    assert {timed.message.channel for timed in messages if isinstance(timed.message, ControlChange)} == {2, CHANNEL}


def test_a_left_hand_that_goes_on_is_no_pause_and_leads() -> None:
    left = [
        (END + number * HALF_BAR - 0.02 + shift, event)
        for number in range(8)
        for shift, event in [
            (0.0, NoteOn(53, 60, 1)),
            (0.0, NoteOn(45, 60, 1)),
            (0.8, NoteOff(53, 1)),
            (0.8, NoteOff(45, 1)),
        ]
    ]
    found = chords(played(accompanist(), [*ODE, *left], END + 60))
    late = [notes[0].pitch % 12 for time, notes in found if time > END + 3 * HALF_BAR]
    assert len(late) >= 4
    assert set(late) == {5}  # F and A: the subdominant


def test_a_key_that_is_stuck_is_accompanied_for_a_while_only() -> None:
    stuck = [each for each in ODE if each[0] < END / 2][:-1]
    messages = played(accompanist(), stuck, END + 1e3)
    assert chords(messages)[-1][0] < END / 2 + 16 * 4 * STEP


@pytest.mark.parametrize(
    ("other", "channel"),
    [
        ({}, 3),
        ({"hands": {"thru": True, "thru_channel": 3}}, 1),
        ({"hands": {"thru": False, "thru_channel": 3}}, 3),
        ({"metronome": {"on": True, "channel": 3}}, 1),
        ({"play": {"accompaniment_channel": 0}}, 1),
    ],
)
def test_settings_that_are_older_than_it_stay_valid_whatever_has_its_channel(
    other: dict[str, dict[str, object]], channel: int
) -> None:
    settings = load_musician(read_settings(None, other)).settings
    assert accompaniment_channel_of(settings, settings.play.channel) == channel


@pytest.mark.parametrize(
    "other", [{"hands": {"thru": True, "thru_channel": 3}}, {"metronome": {"on": True, "channel": 3}}]
)
def test_who_asks_for_it_on_a_channel_that_is_taken_is_told(other: dict[str, dict[str, object]]) -> None:
    with pytest.raises(UserError, match=r"play\.accompaniment_channel.*another channel"):
        load_musician(read_settings(None, {"play": {"mode": "accompany"}, **other}))


def test_muted_it_is_silent_and_another_mode_may_begin_and_end_it() -> None:
    assert not chords(played(accompanist(), [(0.0, Control("mute", True)), *ODE], END))
    switched = sorted(
        [*ODE, (6.2, Control("mode", "accompany")), (12.2, Control("mode", "continue"))], key=lambda each: each[0]
    )
    times = [time for time, _ in chords(played(improviser(mode="call-response", click=CLICK), switched, END))]
    assert times and min(times) > 6.2 and max(times) < 12.2


notes_played = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.5, 2.0, 4.0]),  # beats
        st.integers(-60, 60),  # milliseconds off the beat
        st.integers(40, 84) | st.sampled_from([60, 62, 64, 65, 67, 69, 71, 72]),
        st.floats(0.1, 1.2),  # how long it is held, as a share
    ),
    min_size=4,
    max_size=40,
)


def performed(notes: list[tuple[float, int, int, float]]) -> Iterator[tuple[float, Event]]:
    moves, beats = [], 0.0
    for length, off, pitch, held in notes:
        on = max(0.0, beats * 4 * STEP + off / 1000)
        moves += [(on, NoteOn(pitch, 80, 1)), (on + held * length * 4 * STEP, NoteOff(pitch, 1))]
        beats += length
    return iter(sorted(moves, key=lambda each: each[0]))


@given(notes=notes_played, tempo=st.none() | st.tuples(st.floats(0, 10), st.floats(60, 200)))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_whatever_is_played_no_chord_is_late_doubted_or_left_hanging(
    notes: list[tuple[float, int, int, float]], tempo: tuple[float, float] | None
) -> None:
    player = accompanist()
    script: list[tuple[float, Event]] = list(performed(notes))
    if tempo is not None:
        script = sorted([*script, (tempo[0], TempoChange(tempo[1]))], key=lambda each: each[0])
    began = False
    messages: list[Timed] = []
    for time, event in [*script, (script[-1][0] + 20, None)]:
        while (due := player.next_time()) is not None and due <= time:
            believed = max(player.snapshot().posterior)
            came = player.advance(due)
            messages += came
            for moment, _ in chords(came):
                behind = player.tempo.step_at(moment) % 8
                assert min(behind, 8 - behind) * player.tempo.step_seconds <= TOLERANCE
                # The key was looked at a step before.
                assert believed >= DOUBTED - 0.05
                began = began or believed >= KEY_BELIEVED - 0.05
                assert began
        if event is not None:
            messages += player.receive(time, event)
    messages += player.close(time)
    check_sounding(messages)


# What it is made of


@given(
    walk=st.lists(st.sampled_from(CHORDS[:6]), min_size=2, max_size=12),
    semitones=st.integers(0, 11),
    high=st.integers(59, 72),
    part=st.sampled_from([(True, True), (False, True), (True, False)]),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_voices_move_little_and_not_in_parallel_with_the_bass(
    walk: list[object], semitones: int, high: int, part: tuple[bool, bool]
) -> None:
    last: Voicing | None = None
    for chord in walk:
        classes = tuple((each + semitones) % 12 for each in chord.classes)  # type: ignore[attr-defined]
        voicing = voiced(classes, last, *part, (30, high))
        assert voicing is not None
        assert {pitch % 12 for pitch in voicing.pitches} <= set(classes)
        assert len(voicing.pitches) == {(True, True): 4, (False, True): 3, (True, False): 1}[part]
        assert list(voicing.pitches) == sorted(voicing.pitches) and voicing.pitches[0] >= 30
        assert voicing.pitches[-1] <= high
        if last is not None:
            assert parallels(last, voicing)[0] == 0
            moves = [abs(one - other) for one, other in zip(last.chord, voicing.chord, strict=True)]
            assert max(moves, default=0) <= 9  # no further than a closer chord in another octave
        last = voicing


def test_parallels_are_told_from_voices_that_stay_or_go_apart() -> None:
    assert parallels(Voicing(48, (55, 64)), Voicing(50, (57, 65))) == (1, 0)  # fifths with the bass
    assert parallels(Voicing(40, (48, 55)), Voicing(38, (50, 57))) == (0, 1)  # between the others
    assert parallels(Voicing(48, (60,)), Voicing(50, (62,))) == (1, 0)  # octaves
    assert parallels(Voicing(48, (55, 64)), Voicing(48, (55, 64))) == (0, 0)
    assert parallels(Voicing(48, (60,)), Voicing(53, (53,))) == (0, 0)  # contrary motion


def test_a_dominant_goes_to_its_tonic_and_a_cadence_tells_minor() -> None:
    scale = {name: CHORDS[index] for index, name in enumerate(("C", "Dm", "Em", "F", "G", "Am", "E", "D"))}
    sounding = {
        name: evidence(tuple(Note(0, 4, each, True) for each in chord.classes), 8) for name, chord in scale.items()
    }
    dominant = first_belief().hearing(sounding["G"])
    assert dominant.best is scale["G"]
    assert dominant.hearing(sounding["G"]).following(at_barline=True).hearing(sounding["G"] * 0).best in (
        scale["C"],
        scale["G"],
    )
    minor = first_belief().hearing(sounding["Am"]).following(True).hearing(sounding["E"]).following(True)
    assert minor.best in (scale["Am"], scale["E"])
    assert minor.weights.reshape(2, -1)[1].sum() > 0.9


def test_a_half_bar_is_read_from_the_melodys_line() -> None:
    line = [60, HELD, HELD, HELD, 64, HELD, RESTED, HELD, HELD, HELD, 67]
    # The line's last entry is at the step 110, so its first is at 100.
    assert half_bar(line, 110, 112.0, 100, 8) == (Note(0, 4, 0, True), Note(4, 2, 4, True))
    assert half_bar(line, 110, 112.0, 102, 4) == (Note(0, 2, 0, False), Note(2, 2, 4, True))
    assert half_bar(line, 110, 112.0, 108, 8) == (Note(2, 2, 7, True),)
    assert half_bar(line, 110, 130.0, 116, 8) == (Note(0, 8, 7, False),)
    assert half_bar(line, 110, 112.0, 90, 8) == ()
    assert half_bar([], 0, 0.0, 0, 8) == ()


def test_a_passage_that_returns_tells_what_came_next() -> None:
    one, two, three = ((Note(0, 8, each, True),) for each in (0, 4, 7))
    passages = Passages()
    assert passages.expected() is None
    for each in (one, two, three, two):
        passages.add(each)
    assert passages.expected() == Expected((three, two), is_sure=True)
    passages.add((Note(0, 3, 7, True),))  # held for less: still the same
    passages.add(())
    assert passages.expected() is None
    # Of what was played after different half bars before, that counts which came after more of the same.
    for each in (one, three, one, two):
        passages.add(each)
    assert passages.expected() == Expected((three, two, (Note(0, 3, 7, True),), (), one), is_sure=True)


def test_a_tune_may_begin_anew_what_it_began_before() -> None:
    passages = Passages()
    passages.add((Note(0, 8, 11, True),))
    passages.begin()
    for number in range(4):
        assert passages.expected(ago=4) is None
        passages.add((Note(0, 8, number, True),))
    assert passages.expected(ago=4) == Expected(((Note(0, 8, 0, True),),), is_sure=False)
    assert passages.expected(ago=5) is None  # before it was played


def test_however_much_is_played_little_is_kept() -> None:
    passages = Passages()
    for number in range(3000):
        passages.add((Note(0, 8, number % 12, True), Note(number % 7, 1, number % 5, True)))
    assert sum(len(each) for each in vars(passages).values() if not isinstance(each, int)) < 2500


def test_what_is_compared_of_passages_is_kept_once() -> None:
    passages, chance = Passages(), Random(1)  # noqa: S311  no secrets here
    for _ in range(MOST):
        passages.add(tuple(Note(2 * index, 2, chance.randrange(12), True) for index in range(4)))
    assert size(passages) < 30_000  # a copy for each comparison makes it 53,000


def test_a_period_has_a_half_cadence_and_closes_on_the_tonic() -> None:
    places = [first_belief().at_place(place).best for place in range(16)]
    assert places[7] is places[13] is CHORDS[4]
    assert all(places[index] is CHORDS[0] for index in (0, 1, 8, 14, 15))
    assert first_belief().at_place(None).best is first_belief().best


def test_what_is_to_come_is_led_to() -> None:
    nothing, tonic = np.zeros(12), evidence(tuple(Note(0, 8, each, True) for each in CHORDS[0].classes), 8)
    minor = evidence(tuple(Note(0, 8, each, True) for each in CHORDS[5].classes), 8)
    belief = first_belief().hearing(minor)
    to_minor = belief.following(False).before([HalfBarAhead(minor, True, None)])
    to_major = belief.following(False).before([HalfBarAhead(tonic, True, None)])
    sixth, fifth = (np.array(each.weights).reshape(2, -1).sum(0) for each in (to_minor, to_major))
    assert sixth[6] > fifth[6] and sixth[4] < fifth[4]  # the dominant of minor, and that of major
    assert np.allclose(belief.before([]).weights, belief.weights)
    assert np.allclose(belief.before([HalfBarAhead(nothing, True, None)]).weights, belief.weights)
