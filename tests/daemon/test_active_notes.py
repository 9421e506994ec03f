from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from antiphon.midi.active_notes import ActiveNotes
from antiphon.midi.messages import NoteOff, NoteOn

channels, pitches = st.integers(1, 3), st.integers(60, 63)
played = st.lists(st.builds(NoteOn, pitches, st.just(80), channels) | st.builds(NoteOff, pitches, channels))


def after(events: Iterable[NoteOn | NoteOff]) -> ActiveNotes[NoteOn]:
    active: ActiveNotes[NoteOn] = ActiveNotes()
    for event in events:
        if isinstance(event, NoteOn):
            active.turn_on(event)
        else:
            active.turn_off(event)
    return active


@given(played)
def test_each_note_that_is_on_gets_exactly_one_note_off(events: list[NoteOn | NoteOff]) -> None:
    active = after(events)
    on = {(note.channel, note.pitch) for note in active}
    ended = active.turn_all_off()
    assert [(note.channel, note.pitch) for note in ended] == sorted(on)
    assert not active and not active.turn_all_off()


@given(played, channels)
def test_the_notes_of_one_channel_end_alone(events: list[NoteOn | NoteOff], channel: int) -> None:
    active = after(events)
    before = set(active)
    assert all(note.channel == channel for note in active.turn_all_off(channel))
    assert set(active) == {note for note in before if note.channel != channel}


@given(played, st.builds(NoteOff, pitches, channels))
def test_what_ends_says_how_it_began_and_ends_once(events: list[NoteOn | NoteOff], end: NoteOff) -> None:
    active = after(events)
    last = [event for event in events if (event.channel, event.pitch) == (end.channel, end.pitch)][-1:]
    began = last[0] if last and isinstance(last[0], NoteOn) else None
    assert (end in active) == (began is not None)
    assert active.turn_off(end) == began
    assert active.turn_off(end) is None
