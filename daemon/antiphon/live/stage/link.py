"""The link: the playing process's end of the pipes to the one that serves the page.

    link.start(setup)    starts it
    link.put(message)    hands a message over, at once: it never waits, and drops what isn't taken
    link.close()         ends it

Two threads: one writes what was handed over, one reads what pages say.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

import msgspec

from antiphon.errors import DEBUG
from antiphon.live.stage import messages
from antiphon.live.stage.messages import NoteOff, NoteOn, Setup

MOST_WAITING = 2000
"""Messages that wait for a serving process that stands still; beyond them all is dropped but the ends of notes."""
CLOSE_SECONDS = 1.0
"""What its end may take before it is ended."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(messages.FromServer)
_Note = tuple[str, int, int]


class Link:
    """A serving process and the pipes to it.

    Args:
        hear: is told what the serving process says, on a thread of the link's.
        ended: is called on that thread when the serving process ends, unless `close` has been called.
    """

    def __init__(self, hear: Callable[[messages.FromServer], None], ended: Callable[[], None]) -> None:
        self._hear = hear
        self._ended = ended
        self._queue: SimpleQueue[messages.ToServer | None] = SimpleQueue()  # its put() waits for nobody
        self._shown: set[_Note] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closing = False

    def start(self, setup: Setup) -> None:
        """Start the serving process; what it can't do it says, or it ends.

        Raises:
            OSError: it can't be started.
        """
        new_group = {"start_new_session": True}  # Ctrl-C is for the process that plays
        if sys.platform == "win32":
            new_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "antiphon.live.stage"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get(DEBUG) else subprocess.DEVNULL,
            **new_group,  # type: ignore[call-overload]
        )
        self._queue.put(setup)
        for name, work in (("writes to the stage", self._write), ("hears the stage", self._read)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def put(self, message: messages.ToServer) -> None:
        """Hand a message over; always from the same thread."""
        if isinstance(message, NoteOff):
            note = message.part, message.channel, message.pitch
            if note not in self._shown:
                return  # its start was dropped
            self._shown.discard(note)
        elif self._queue.qsize() >= MOST_WAITING:
            return
        elif isinstance(message, NoteOn):
            self._shown.add((message.part, message.channel, message.pitch))
        self._queue.put(message)

    def close(self) -> None:
        """End the serving process."""
        self._is_closing = True
        self._queue.put(None)
        if self._process is None:
            return
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self) -> None:
        pipe = self._process.stdin if self._process else None
        if pipe is None:
            return
        with contextlib.suppress(OSError):  # it has ended; who reads will hear of it
            while (message := self._queue.get()) is not None:
                lines = bytearray()
                with contextlib.suppress(Empty):
                    while message is not None:
                        lines += _encoder.encode(message) + b"\n"
                        message = self._queue.get_nowait()
                pipe.write(lines)
                pipe.flush()
                if message is None:
                    break
        with contextlib.suppress(OSError):
            pipe.close()

    def _read(self) -> None:
        pipe = self._process.stdout if self._process else None
        if pipe is None:
            return
        for line in pipe:
            with contextlib.suppress(msgspec.MsgspecError):  # a word that its libraries print
                self._hear(_decoder.decode(line))
        if not self._is_closing:
            self._ended()
