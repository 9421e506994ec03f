"""The terminal: one calm line that shows how the playing stands, below whatever else is said.

It is drawn by a thread of its own, a few times a second and only when something has changed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from antiphon.live.key_log import LEAST_LIKELY
from antiphon.live.publisher import Scene
from antiphon.melody.keys import pitch_name, signature_name
from antiphon.stage.messages import State

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

REFRESH_SECONDS = 0.2
"""From one drawing to the next, at least."""
END_SECONDS = 1.0
"""What drawing may still take at the end: a terminal may hang."""
SLOW_MS = 10.0
"""Milliseconds to an answer from which they are shown as a warning."""
STRAIGHT_PERCENT = 50.0
"""Of the beat; how eighths fall that don't swing."""
LEAST_SURE = 0.6
"""A tempo or a bar that is less likely than that isn't worth saying."""


def is_terminal() -> bool:
    """Return whether somebody watches, on a terminal on which a line can be redrawn."""
    term = os.environ.get("TERM", "")
    # Windows has no TERM; somebody has set it to "dumb" on purpose.
    return sys.stdout.isatty() and term != "dumb" and (term != "" or sys.platform == "win32")


class Terminal:
    """The line, and the words above it. `say` and `show` return at once, on any thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[str | Scene | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="draws the terminal", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Print a line above."""
        self._queue.put(text)

    def show(self, scene: Scene) -> None:
        """Draw this, soon."""
        self._queue.put(scene)

    def close(self) -> None:
        """Take the line away, when all that was said is printed."""
        self._queue.put(None)
        self._thread.join(END_SECONDS)

    def _work(self) -> None:
        from rich.live import Live  # takes as long as opening the ports, which needn't wait for it

        with contextlib.suppress(OSError), Live(auto_refresh=False, transient=True) as live:  # the terminal may go
            while self._draw(live):
                time.sleep(REFRESH_SECONDS)

    def _draw(self, live: Live) -> bool:
        """Wait for something to draw, and draw all that there is; return whether more may come."""
        scene, goes_on = None, True
        with contextlib.suppress(Empty):
            given = self._queue.get()
            while given is not None:
                if isinstance(given, Scene):
                    scene = given
                else:
                    live.console.print(given, markup=False, highlight=False, soft_wrap=True)
                given = self._queue.get_nowait()
            goes_on = False
        if scene is not None:
            live.update(line_of(scene), refresh=True)
        return goes_on


def line_of(scene: Scene) -> Text:
    """Return the line."""
    from rich.text import Text

    state = scene.state
    parts = [
        (signature_name(state.sharps) if max(state.posterior) > LEAST_LIKELY else "listening for your key", "bold"),
        (f"{state.bpm:.0f} BPM{_sync_of(state)}", "red" if state.clock == "lost" else ""),
        (state.mode + (", answering" if state.turn == "answering" else ""), ""),
        (f"you {_name_of(scene.played, state.sharps)}, Antiphon {_name_of(scene.answered, state.sharps)}", "cyan"),
    ]
    if state.words:
        parts.append((state.words, ""))
    bar = state.heard_bar
    if bar is not None and bar.certainty >= LEAST_SURE:
        parts.append((f"in {bar.beats}/4 (sure {bar.certainty * 100:.0f} %)", ""))
    if state.heard_swing > STRAIGHT_PERCENT:
        parts.append((f"swing {state.heard_swing:.0f} %", ""))
    if state.latency_ms is not None:
        parts.append((f"{state.latency_ms:.1f} ms", "green" if state.latency_ms < SLOW_MS else "red"))
    if state.learned.notes and state.knobs.get("memory"):
        parts.append((_learned(state), "magenta" if state.learned.quoted else ""))
    if state.mute:
        parts.append(("muted", "yellow"))
    if state.record:
        parts.append(("recording", ""))
    return Text("  ·  ", overflow="ellipsis", no_wrap=True).join(Text(text, style) for text, style in parts)


def _sync_of(state: State) -> str:
    if state.sync == "clock":
        return f" by clock ({state.clock})"
    if state.sync == "link":
        return " with Link" if state.clock == "rolling" else " (Link: waiting)"
    if state.sync != "auto":
        return ""
    certainty = state.tempo_certainty or 0
    return f" by you (sure {certainty * 100:.0f} %)" if certainty >= LEAST_SURE else " (your tempo isn't sure yet)"


def _learned(state: State) -> str:
    learned = state.learned
    text = f"{learned.notes} notes learned, {learned.gain:+.2f} bits a note"
    names = " ".join(_name_of(pitch, state.sharps) for pitch in learned.quoted)
    return f"{text}, recalls {names}" if names else text


def _name_of(pitch: int | None, sharps: int) -> str:
    return "–" if pitch is None else pitch_name(pitch, sharps, flat="b", sharp="#")
