"""A duet on MIDI ports, as a program of its own: it plays to a running Antiphon and prints what came back.

    python duet.py [--notes N] [--system jack|alsa] [--named]

With `--named` it is the instrument that Antiphon was told to connect to: `--input "Duet keys" --output "Duet ears"`.
Nothing but an installed Antiphon is needed, so it runs on other machines too. It plays a scale, note by note, in the
mode `next-note`, and prints as an object of JSON how many notes were `played` and `answered`, the answers' `median_ms`,
how many notes `hang` at the end, and which MIDI library (`backend`) played.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from queue import Empty, SimpleQueue

from antiphon.midi.backend import Client, System
from antiphon.midi.backends import load_backend

ANSWER_SECONDS = 2.0
"""Seconds after which an answer is lost."""
PATIENCE = 20.0
"""Seconds after which Antiphon's ports are not to be expected any more."""
NOTICE_SECONDS = 5.0
"""Seconds in which Antiphon finds the ports that it was told of."""
HELD_SECONDS = 0.1
SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62)


def main(notes: int, system: System, named: bool) -> None:
    """Play, and print what came of it."""
    backend = load_backend()
    heard: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
    keys = backend.output(system, "Duet keys")
    ears = backend.input(system, "Duet ears", lambda message: heard.put((time.perf_counter(), bytes(message))))
    if named:
        keys.open_virtual("keys")
        ears.open_virtual("ears")
        time.sleep(NOTICE_SECONDS)
    else:
        keys.open(find(keys, "Antiphon in"), "keys")
        ears.open(find(ears, "Antiphon out"), "ears")
        time.sleep(0.5)  # nothing says from which of JACK's cycles on a connection is there
    times, sounding = [], set()

    def listen(until: float) -> float | None:
        """Hear what comes until a time, or until a note starts; return when that was."""
        while (left := until - time.perf_counter()) > 0:
            try:
                at, message = heard.get(timeout=left)
            except Empty:
                return None
            starts = message[0] & 0xF0 == 0x90 and message[2] > 0
            if starts:
                sounding.add(message[1])
                return at
            if message[0] & 0xE0 == 0x80:
                sounding.discard(message[1])
        return None

    for number in range(notes):
        pitch, start = SCALE[number % len(SCALE)], time.perf_counter()
        keys.send(bytes((0x90, pitch, 80)))
        if (answer := listen(start + ANSWER_SECONDS)) is not None:
            times.append((answer - start) * 1000)
        time.sleep(max(0.0, start + HELD_SECONDS - time.perf_counter()))
        keys.send(bytes((0x80, pitch, 0)))
        time.sleep(HELD_SECONDS)
    while listen(time.perf_counter() + ANSWER_SECONDS) is not None:
        pass
    ears.close()
    keys.close()
    found = {"played": notes, "answered": len(times), "hang": len(sounding), "backend": backend.name}
    found["median_ms"] = round(statistics.median(times), 2) if times else None
    print(json.dumps(found), flush=True)  # noqa: T201


def find(client: Client, part: str) -> str:
    """Wait for a port."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for name in client.ports():
            if part in name:
                return name
        time.sleep(0.1)
    sys.exit(f"no {part} among {client.ports()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=20)
    parser.add_argument("--system", choices=("jack", "alsa"), default="jack")
    parser.add_argument("--named", action="store_true")
    given = parser.parse_args()
    main(given.notes, given.system, given.named)
