"""Another program on Link, as a process: told what to do a line at a time, it answers each with how its session stands.

    python tests/daemon/link_peer.py BPM QUANTUM

It imports nothing of Antiphon: what it says of the beat is Link's own word.
"""

from __future__ import annotations

import json
import sys
import time

from link import Link


def main() -> None:
    link, quantum = Link(float(sys.argv[1])), float(sys.argv[2])  # BPM, and the beats of a bar
    link.startStopSyncEnabled = True
    link.enabled = True
    clock = link.clock()
    for line in sys.stdin:
        state = link.captureSessionState()
        name, *values = line.split()
        if name == "tempo":
            state.setTempo(float(values[0]), clock.micros())
        elif name == "playing":
            state.setIsPlaying(values[0] == "yes", clock.micros())
        if name != "state":
            link.commitSessionState(state)
        readings = [(time.perf_counter(), clock.micros(), time.perf_counter()) for _ in range(20)]
        before, micros, after = min(readings, key=lambda each: each[2] - each[0])
        said = {
            "bpm": state.tempo(),
            "time": (before + after) / 2,
            "beat": state.beatAtTime(micros, quantum),
            "is_playing": state.isPlaying(),
            "peers": link.numPeers(),
        }
        print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
