"""Remarks: what the performer is told, once, of why her notes are heard as they are."""

from __future__ import annotations

from collections.abc import Callable

from antiphon.improviser.listening.listener import Listener
from antiphon.improviser.listening.state import HeardNote
from antiphon.improviser.tempo.timekeeping import Timekeeper


class Remarks:
    """Makes each remark once.

    Args:
        listener: hears the performer.
        time: keeps her tempo.
        notice: is told a remark, with the time in seconds.
    """

    def __init__(self, listener: Listener, time: Timekeeper, notice: Callable[[float, str], None]) -> None:
        self._listener = listener
        self._time = time
        self._notice = notice
        self._said_unknown = self._said_no_tempo = False

    def look(self, time: float, heard: HeardNote) -> None:
        """Remark on a note that was heard at `time`, in seconds, if there is something new to say."""
        taken_for = int(heard.symbol) + self._listener.semitones
        if taken_for != heard.pitch and not self._said_unknown:
            self._said_unknown = True
            self._notice(time, f"the model doesn't know the note {heard.pitch} here, and hears it as {taken_for}")
        why = self._listener.why_no_tempo
        if why is not None and not self._said_no_tempo:
            self._said_no_tempo = True
            self._notice(time, f"{why}; counting at {self._time.tempo.bpm:.0f} BPM, as set")
