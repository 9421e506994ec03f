"""Timekeeping: what time it is in steps, by a tempo that is set, by MIDI clock, by Ableton Link, or by the playing.

The grid is *shared* where the performer hears the same beat, from a sequencer or from the metronome: then it is
absolute, and a step has its place in the bar. Otherwise nobody hears our beat, and the grid is laid anew under each
onset: an absolute grid at a slightly wrong tempo slips.
"""

from __future__ import annotations

import math
from dataclasses import replace

from antiphon.improviser.tempo.link_session import LinkSession, LinkTimeline, Standing
from antiphon.improviser.tempo.midi_clock import Health, MidiClock
from antiphon.improviser.tempo.pulses import bounded_bpm
from antiphon.improviser.tempo.tempo_follower import MOST_TAPS, tapped_bpm
from antiphon.melody.grid import Place, Tempo
from antiphon.melody.metre import COMMON_TIME, TimeSignature
from antiphon.midi.messages import ClockContinue, ClockPulse, ClockStart, ClockStop, Transport
from antiphon.parameters import Sync

GLIDE = 0.5
"""Steps; by less, a Link session that is followed moves the grid without a jump: its clock was measured anew."""


class Timekeeper:
    """Steps ↔ seconds, as they are now.

    Args:
        tempo: to begin with. With a metronome its step 0 is a downbeat.
        sync: what the tempo follows, to begin with.
        metre: says how long bars and beats are. None: the performer's bar is inferred; where it isn't known, and on a
            grid that is heard, it is that of 4/4.
        is_heard: a metronome sounds, so that the performer shares the grid from the start.
        clock_offset: seconds by which the grid is later than the clock's pulses, or Link's beats.
        leads: a tempo that is set here counts although Link is followed, for Link is to take it over.
    """

    def __init__(
        self,
        tempo: Tempo,
        sync: Sync = "fixed",
        metre: TimeSignature | None = COMMON_TIME,
        is_heard: bool = False,
        clock_offset: float = 0.0,
        leads: bool = False,
    ) -> None:
        self.infers_bar = metre is None
        """The metre isn't given: where nobody hears the grid, the performer's playing may show it."""
        metre = metre or COMMON_TIME
        self.bar = metre.bar_of(tempo.steps_per_beat)
        """Steps in a bar."""
        self.beat = metre.beat_of(tempo.steps_per_beat)
        """Steps from beat to beat: a quarter note, or in 6/8, 9/8 and 12/8 a dotted one."""
        self.sync = sync
        self._tempo = tempo
        self._clicks = is_heard
        self._clock_offset = clock_offset
        self._leads_link = leads
        self._clock = self._new_clock()
        self._link: LinkSession | None = None
        self._rolls = False
        self._leads = False
        self._taps: tuple[float, ...] = ()

    @property
    def tempo(self) -> Tempo:
        """Steps ↔ seconds now."""
        return self._tempo

    @property
    def quarter(self) -> int:
        """Steps in a quarter note."""
        return max(1, round(self._tempo.steps_per_beat))

    @property
    def is_simple(self) -> bool:
        """Whether a beat is a quarter note, whose eighths may swing."""
        return self.beat == self.quarter

    @property
    def is_shared(self) -> bool:
        """Whether the performer hears the grid, so that steps have a place in the bar."""
        # A grid that is laid under the onsets isn't the one that the metronome's beats were heard on.
        return self._rolls or (self._clicks and self.sync != "auto")

    @property
    def rolls(self) -> bool:
        """Whether a sequencer's transport is rolling, and is followed."""
        return self._rolls

    @property
    def is_led(self) -> bool:
        """Whether the tempo is another's: it isn't set here."""
        return self._rolls and not (self._leads_link and self.sync == "link")

    @property
    def health(self) -> Health:
        """How the clock is that is followed."""
        if self.sync == "link":
            return "rolling" if self._rolls else "waiting"
        return "none" if self._clock is None else self._clock.health

    @property
    def link(self) -> Standing | None:
        """How the Link session stands that is followed; None where none is, or none was heard of."""
        return None if self._link is None else self._link.standing

    def place(self, step: int) -> Place | None:
        """Return where a step stands in its bar, or None where nobody hears the bar."""
        return Place(step % self.bar, self.bar) if self.is_shared else None

    def next_step(self, time: float, every: int, from_step: int = 0) -> int:
        """Return the first step at `time` (seconds) or later that is `from_step` plus a multiple of `every`."""
        # A thousandth of a step is no lateness: it is what rounding leaves.
        behind = self._tempo.step_at(time) - from_step - 1e-3
        return from_step + max(0, math.ceil(behind / every)) * every

    def lead(self, leads: bool) -> None:
        """Let the grid stand as it is, while it is the improviser who plays on it; or follow onsets again."""
        self._leads = leads

    def hear_onset(self, time: float, step: float, bpm: float | None) -> None:
        """Lay the grid under an onset that was heard at `time` (seconds), where it is known to be played.

        Args:
            time: of the onset.
            step: where it is on the grid; an eighth that swings lies between two steps.
            bpm: the tempo that the playing shows, in `auto`.
        """
        if not (self.is_shared or self._leads):
            self._tempo = Tempo(bpm or self._tempo.bpm, time, step, self._tempo.steps_per_beat)

    def move_under(self, time: float, step: int) -> None:
        """Let a step come at `time`, in seconds, where nobody hears the grid: a beat of the performer's is there."""
        if not self.is_shared:
            self._tempo = replace(self._tempo, time=time, step=step)

    def change_tempo(self, time: float, bpm: float) -> None:
        """Count with another tempo, in beats a minute, from now on; one that a clock sets stays.

        One that nobody plays, which a file may have, is brought within those of a clock.
        """
        if not self.is_led:
            self._tempo = self._tempo.changed(bounded_bpm(bpm), time)

    def change_sync(self, sync: Sync) -> None:
        """Follow something else from now on; until that is heard, the grid goes on as it stands.

        A clock is heard from its next Start or Continue on: where it stands now isn't known.
        """
        if sync != self.sync:
            self.sync = sync
            self._clock = self._new_clock()
            self._link = None
            self._rolls = False

    def tap(self, time: float) -> float | None:
        """Hear a tap, which is a beat. Returns the tempo, in quarter notes a minute, that two or more taps show."""
        self._taps = (*self._taps, time)[-MOST_TAPS:]
        bpm = tapped_bpm(self._taps)
        bpm = None if bpm is None else bounded_bpm(bpm * self.beat / self.quarter)
        if bpm is not None and not self.is_led:
            # The tap is the beat: where the grid is heard, its nearest beat moves there.
            beat = round(self._tempo.step_at(time) / self.beat) * self.beat
            self._tempo = replace(self._tempo, time=time, step=beat, bpm=bpm)
        return bpm

    def hear_transport(self, time: float, event: Transport) -> int | None:
        """Follow MIDI clock.

        Returns:
            By how many steps the grid jumped, where it did: the transport starts, stops, or stands elsewhere.
        """
        clock = self._clock
        if clock is None:
            return None
        before = self._tempo.step_at(time)
        if isinstance(event, ClockPulse):
            clock.pulse(time)
        elif isinstance(event, ClockStart):
            clock.start(time)
        elif isinstance(event, ClockContinue):
            clock.proceed(time)
        elif isinstance(event, ClockStop):
            clock.stop(time)
        else:
            clock.song_position(event.sixteenths)
        rolled, self._rolls = self._rolls, clock.rolling
        if not self._rolls:
            # Its tempo is known, its position isn't: the grid goes on from where it stood.
            self._tempo = self._tempo.changed(clock.tempo.bpm, time)
            return 0 if rolled else None
        self._tempo = clock.tempo
        if isinstance(event, ClockPulse) and rolled:
            return None
        return round(self._tempo.step_at(time) - before)

    def hear_link(self, time: float, timeline: LinkTimeline) -> int | None:
        """Follow Ableton Link.

        Where nobody else is in the session, nobody hears its beat: then it tells the tempo alone.

        Returns:
            By how many steps the grid jumped, where it did: others are met, or the transport starts or stops.
        """
        if self.sync != "link":
            return None
        before, stood = self._tempo.step_at(time), self.link
        self._link = LinkSession(timeline) if self._link is None else self._link.after(timeline)
        self._rolls = self.link == "together"
        if not self.is_shared:
            self._tempo = self._tempo.changed(timeline.bpm, time)
            return 0 if self.link == "stopped" != stood else None
        self._tempo = timeline.tempo(self._tempo.steps_per_beat, self._clock_offset)
        jump = self._tempo.step_at(time) - before
        has_turned = "stopped" in (stood, self.link) and stood != self.link
        return round(jump) if has_turned or abs(jump) >= GLIDE else None

    def _new_clock(self) -> MidiClock | None:
        tempo = self._tempo
        return MidiClock(tempo.bpm, tempo.steps_per_beat, self._clock_offset) if self.sync == "clock" else None

    def next_check(self) -> float | None:
        """Return when to look whether the clock is still there, in seconds; None if there is nothing to look for."""
        return None if self._clock is None else self._clock.next_check()

    def check(self, time: float) -> str | None:
        """Look whether the clock is still there at `time`, in seconds. Returns what is to be said of it, once."""
        if self._clock is None or not self._clock.is_lost(time):
            return None
        self._clock.lose(time)
        return f"the clock has stopped coming; going on at {self._tempo.bpm:.0f} BPM"
