"""Link as the performance has it: joined while it is followed or led, heard as commands, and told the tempo of here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution

from antiphon.ableton_link.messages import PACKAGE, Failed, FromPeer, Join, Proposal
from antiphon.errors import UserError
from antiphon.improviser.improviser import Improviser
from antiphon.live.inbox import Inbox
from antiphon.live.link_process import LinkProcess
from antiphon.parameters import Play
from antiphon.recording.entries import LinkHeard

ADVICE = "pip install 'antiphon[link]'"
SHORTEST_LIFE = 5.0
"""Seconds; a process that ends sooner would end again, and isn't started anew."""
SAME_TEMPO, SAME_PLAYING = 2e-5, 0.005
"""Shares by which a tempo may differ and be the same: Link rounds them to a microsecond a beat, and one that is found
in somebody's playing wavers."""
SAME_BEAT = 0.005
"""Seconds by which a beat may be off and be the same."""
REST_SECONDS = 1.0
"""From one proposal to the next, at least, where Link isn't followed: two that lead may want different tempi."""


def check_installed() -> None:
    """Check that there is Link's library.

    Raises:
        UserError: there isn't.
    """
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        raise UserError(f"Ableton Link isn't installed: {ADVICE}, or choose another --sync, and --no-leads") from None


class LinkSync:
    """A Link session, while there is need for one. All calls come from the playing thread.

    Args:
        play: says whether Link is followed or led, to begin with.
        quantum: the length of a bar in quarter notes.
        inbox: is handed what Link says.
        warn: tells the performer, in a line, what goes wrong; from any thread.

    Raises:
        UserError: there is need for Link, and its library isn't there.
    """

    def __init__(self, play: Play, quantum: float, inbox: Inbox, warn: Callable[[str], None]) -> None:
        self._sync: str = play.sync
        self._leads = play.leads
        self._quantum = quantum
        self._offset = play.clock_offset_ms / 1000
        self._inbox = inbox
        self._warn = warn
        self._process: LinkProcess | None = None
        self._lock = threading.Lock()
        """Of its starting and ending."""
        self._heard: LinkHeard | None = None
        """What Link has said, or taken over from here, last; any thread may set it."""
        self._proposed = float("-inf")
        if self._is_needed:
            check_installed()

    @property
    def _is_needed(self) -> bool:
        # Who follows MIDI clock has no tempo of their own to lead with.
        return self._sync == "link" or (self._leads and self._sync != "clock")

    def follow(self, sync: str, improviser: Improviser, time: float) -> None:
        """Join or leave Link, as another sync needs it; at a time in seconds."""
        self._sync = sync
        if not self._is_needed:
            self.close()
        elif self._process is None:
            try:
                check_installed()
            except UserError as error:
                self._warn(str(error))
                return
            self.start(improviser, time)

    def start(self, improviser: Improviser, time: float) -> None:
        """Join, where there is need, with the tempo of here."""
        if self._is_needed:
            with self._lock:
                self._start(self._proposal(improviser, time))

    def look(self, improviser: Improviser, time: float) -> None:
        """Propose the tempo of here where it has changed, if it is ours to propose."""
        process, heard = self._process, self._heard
        if process is None or heard is None or not (self._leads or heard.peers == 0):
            return
        if self._sync != "link" and time - self._proposed < REST_SECONDS:
            return
        proposal = self._proposal(improviser, time)
        same = SAME_PLAYING if self._sync == "auto" else SAME_TEMPO
        if abs(proposal.bpm / heard.bpm - 1) <= same and not self._is_off_beat(proposal, heard):
            return
        self._proposed = time
        beat = _beat_at(heard, time) if proposal.beat is None else proposal.beat
        self._heard = LinkHeard(proposal.bpm, time, beat, heard.is_playing, heard.peers)
        process.propose(proposal)

    def close(self) -> None:
        """Leave."""
        with self._lock:
            if self._process is not None:
                self._process.close()
            self._process = self._heard = None

    def _start(self, first: Proposal) -> None:
        join = Join(self._inbox.start, self._quantum, self._leads, first)
        try:
            self._process = LinkProcess(join, self._hear, self._ended)
        except OSError as error:
            self._warn(f"Link can't be joined ({error.strerror}); the tempo stays")

    def _hear(self, message: FromPeer) -> None:
        if isinstance(message, Failed):
            self._warn(f"Link can't be joined: {message.text}; the tempo stays")
            return
        self._heard = message
        self._inbox.ask(message)

    def _ended(self, seconds: float) -> None:
        """Go on alone at Link's tempo, and join again."""
        with self._lock:
            now, heard = self._inbox.now(), self._heard
            if self._process is None:  # it was closed meanwhile
                return
            self._process = None
            if heard is not None:
                self._hear(LinkHeard(heard.bpm, now, _beat_at(heard, now), heard.is_playing, 0))
            if seconds < SHORTEST_LIFE or heard is None:
                self._warn("Link's process doesn't keep running; the tempo stays (ANTIPHON_DEBUG=1 shows why)")
                return
            self._warn("Link's process has ended; the tempo stays, and it is started again")
            self._start(Proposal(heard.bpm, now, _beat_at(heard, now)))

    def _proposal(self, improviser: Improviser, time: float) -> Proposal:
        """Return the tempo of here as it is to be proposed: with its beat where that is heard."""
        tempo, beat = improviser.tempo, None
        if improviser.is_shared:
            beat = tempo.step_at(time + self._offset) / tempo.steps_per_beat
        return Proposal(tempo.bpm, time, beat)

    def _is_off_beat(self, proposal: Proposal, heard: LinkHeard) -> bool:
        if proposal.beat is None:
            return False
        off = proposal.beat - _beat_at(heard, proposal.time)
        off = (off + self._quantum / 2) % self._quantum - self._quantum / 2
        return abs(off) * 60 / proposal.bpm > SAME_BEAT


def _beat_at(heard: LinkHeard, time: float) -> float:
    return heard.beat + (time - heard.time) * heard.bpm / 60
