"""The peer: joins the Link session of this machine's networks, tells what it says, and proposes tempi.

Link's own threads call back when its tempo, its transport or its peers change; beside that it is looked at ten times a
second, because its clock isn't ours: the two drift apart, and Link measures its peers' clocks anew.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from antiphon import clock
from antiphon.ableton_link.messages import Failed, FromPeer, Join, Proposal
from antiphon.recording.entries import LinkHeard

LOOK_SECONDS = 0.1
"""From one look at the session to the next where it doesn't call."""
TELL_SECONDS = 0.0002
"""How far the beat may be off what was told last before it is told anew; a tenth of what a musician could hear."""
SAME_BEAT_SECONDS = 0.005
"""A proposed beat that is no farther off is the session's own: to move it would move everybody's."""
READINGS = 5
"""Of the two clocks, of which the quickest counts."""


class Peer:
    """A peer of a Link session, told and asked in seconds from our session's start.

    Args:
        library: the module `link`.
        join: how to take part.
        wake: is set by Link's threads when something has changed.
    """

    def __init__(self, library: Any, join: Join, wake: threading.Event) -> None:
        self._join = join
        self._wanted = join.first
        """What the first peers that are met are to take over, where it leads."""
        self._told: LinkHeard | None = None
        self._link = library.Link(join.first.bpm)
        self._clock = self._link.clock()
        self._propose(join.first)
        for notify in ("setNumPeersCallback", "setTempoCallback", "setStartStopCallback"):
            getattr(self._link, notify)(lambda _value: wake.set())
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    def propose(self, proposal: Proposal) -> None:
        """Ask the session to take over a tempo, and a beat."""
        self._wanted = proposal
        self._propose(proposal)

    def look(self) -> LinkHeard | None:
        """Return what the session says, where it isn't what was told last."""
        heard, told = self._read(), self._told
        if self._join.leads and heard.peers and not (told and told.peers):
            self._propose(self._wanted)
            heard = self._read()
        if told is not None and told.peers and heard.peers:
            self._wanted = Proposal(heard.bpm, heard.time, None)
        if told is not None and (told.bpm, told.is_playing, told.peers) == (heard.bpm, heard.is_playing, heard.peers):
            beats_off = told.beat + (heard.time - told.time) * told.bpm / 60 - heard.beat
            if abs(beats_off) * 60 / heard.bpm < TELL_SECONDS:
                return None
        self._told = heard
        return heard

    def _read(self) -> LinkHeard:
        state, (seconds, microseconds) = self._link.captureSessionState(), self._clocks()
        beat = state.beatAtTime(microseconds, self._join.quantum)
        return LinkHeard(state.tempo(), seconds, beat, state.isPlaying(), self._link.numPeers())

    def _propose(self, proposal: Proposal) -> None:
        state, (seconds, microseconds) = self._link.captureSessionState(), self._clocks()
        moment, quantum = microseconds + round(1e6 * (proposal.time - seconds)), self._join.quantum
        state.setTempo(proposal.bpm, moment)
        if proposal.beat is not None:
            off = (proposal.beat - state.beatAtTime(moment, quantum) + quantum / 2) % quantum - quantum / 2
            if abs(off) * 60 / proposal.bpm > SAME_BEAT_SECONDS:
                state.forceBeatAtTime(proposal.beat, moment, quantum)
        self._link.commitSessionState(state)

    def _clocks(self) -> tuple[float, int]:
        """Return the same moment by our clock, in seconds from the session's start, and by Link's, in microseconds."""
        readings = [(clock.now(), self._clock.micros(), clock.now()) for _ in range(READINGS)]
        before, microseconds, after = min(readings, key=lambda reading: reading[2] - reading[0])
        return (before + after) / 2 - self._join.start, microseconds


def main() -> None:
    """Take part until standard input ends: this process never outlives the one that plays."""
    for name in ("SIGINT", "SIGHUP"):  # Ctrl-C and the terminal's end are for the process that plays
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    join = msgspec.json.decode(sys.stdin.buffer.readline(), type=Join)
    try:
        import link
    except ImportError as error:
        _say(Failed(f"its library can't be loaded ({error}); pip install 'antiphon[link]'"))
        return
    wake, proposals = threading.Event(), SimpleQueue[Proposal]()
    peer = Peer(link, join, wake)
    threading.Thread(target=_read_lines, args=(proposals, wake), name="hears who plays", daemon=True).start()
    while True:
        for proposal in _waiting(proposals):
            peer.propose(proposal)
        heard = peer.look()
        if heard is not None:
            _say(heard)
        wake.wait(LOOK_SECONDS)
        wake.clear()


def _waiting(proposals: SimpleQueue[Proposal]) -> list[Proposal]:
    found = []
    try:
        while True:
            found.append(proposals.get_nowait())
    except Empty:
        return found


def _read_lines(proposals: SimpleQueue[Proposal], wake: threading.Event) -> None:
    for line in sys.stdin.buffer:
        proposals.put(msgspec.json.decode(line, type=Proposal))
        wake.set()
    os._exit(0)


def _say(message: FromPeer) -> None:
    """Tell the playing process."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
        sys.stdout.buffer.flush()
    except OSError:  # it is gone
        os._exit(0)
