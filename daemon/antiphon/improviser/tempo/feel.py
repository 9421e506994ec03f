"""Feel: how the performer places and stresses the notes of the beat, learned as she plays and lent to the answers.

By its place in the beat, each note comes a little before or behind where it is written (or swung), and is louder or
softer than the others. Both are means that forget, drawn towards nothing while few notes are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FORGETS = 0.1
"""What a note weighs against those before it, once there are many: half of it is forgotten after six more."""
DOUBT = 4
"""Notes at a place before half of their mean is believed."""
MOST_LAG = 0.2
"""Steps, about 30 ms at 100 BPM; what is farther from its place is no feel but another rhythm, and counts as this."""
MOST_ACCENT = 40.0
"""Velocity; the most that a place may be louder or softer."""
LOUDEST = 127


@dataclass(frozen=True)
class _Place:
    notes: int = 0
    lag: float = 0.0
    """Steps, the mean."""
    velocity: float = 0.0
    """The mean."""

    def after(self, lag: float | None, velocity: int) -> _Place:
        share = max(FORGETS, 1 / (self.notes + 1))
        lag = self.lag if lag is None else self.lag + share * (_within(lag, MOST_LAG) - self.lag)
        return _Place(self.notes + 1, lag, self.velocity + share * (velocity - self.velocity))

    @property
    def belief(self) -> float:
        return self.notes / (self.notes + DOUBT)


@dataclass(frozen=True)
class Feel:
    """What is known after some notes, as a value. Places are steps from the beat on."""

    places: tuple[_Place, ...] = ()

    def after(self, place: int, lag: float | None, velocity: int) -> Feel:
        """Return what is known after a note.

        Args:
            place: the note's, in steps from its beat.
            lag: steps by which it comes behind its place; None where that says nothing, as at a phrase's start.
            velocity: 1…127.
        """
        places = [*self.places, *[_Place()] * (place + 1 - len(self.places))]
        places[place] = places[place].after(lag, velocity)
        return replace(self, places=tuple(places))

    def lag(self, place: int) -> float:
        """Return by how many steps the performer plays behind a place, negative for before."""
        found = self._at(place)
        return found.belief * found.lag

    def accent(self, place: int) -> float:
        """Return by how much louder than all her notes the performer plays those at a place, in velocity."""
        found, notes = self._at(place), sum(each.notes for each in self.places)
        if not found.notes:
            return 0.0
        mean = sum(each.notes * each.velocity for each in self.places) / notes
        return found.belief * _within(found.velocity - mean, MOST_ACCENT)

    def mean_lag(self, place: int) -> float:
        """Return the mean of the lags at a place, in steps, however few they are."""
        return self._at(place).lag

    def _at(self, place: int) -> _Place:
        return self.places[place] if place < len(self.places) else _Place()


class FeelLearner:
    """Learns the feel, note by note, and can take the last note back."""

    def __init__(self) -> None:
        self.feel = self._before = Feel()

    def join(self, place: int, lag: float | None, velocity: int, replaces: bool) -> None:
        """Hear a note; see `Feel.after`. One that `replaces` another comes in the place of the last one."""
        if replaces:
            self.withdraw()
        self._before = self.feel
        self.feel = self.feel.after(place, lag, velocity)

    def withdraw(self) -> None:
        """Take the last note back."""
        self.feel = self._before


def stressed(velocity: float) -> int:
    """Return a velocity as MIDI has it, 1…127."""
    return round(min(LOUDEST, max(1, velocity)))


def _within(value: float, most: float) -> float:
    return min(most, max(-most, value))
