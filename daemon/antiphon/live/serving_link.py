"""The link: the playing process's end of the pipes to one that serves beside it, the page or OSC clients.

    link.start(setup)    starts it
    link.put(messages)   hands messages over, at once: it never waits, and drops what isn't taken
    link.close()         ends it

Two threads: one writes what was handed over, one reads what its clients say.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import msgspec

from antiphon.live import child_process
from antiphon.midi.active_notes import ActiveNotes
from antiphon.stage import messages
from antiphon.stage.messages import NoteOff, NoteOn, Notice

MOST_WAITING = 2000
"""Handfuls of messages that wait for a serving process that stands still.

Beyond them all is dropped but the ends of notes that it knows, and the latest of what says how things stand.
"""
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(messages.FromServer)


class Link:
    """A serving process and the pipes to it.

    Args:
        module: that the process runs, as `python -m` names it.
        hear: is told what the serving process says, on a thread of the link's.
        ended: is called on that thread when the serving process ends, unless `close` has been called.
    """

    def __init__(self, module: str, hear: Callable[[messages.FromServer], None], ended: Callable[[], None]) -> None:
        self._module = module
        self._hear = hear
        self._ended = ended
        self._queue: SimpleQueue[Sequence[msgspec.Struct] | None] = SimpleQueue()  # its put() waits for nobody
        self._shown: defaultdict[messages.Part, ActiveNotes[NoteOn]] = defaultdict(ActiveNotes)
        """The notes whose start the serving process is told, and whose end it must be told too."""
        self._late: dict[type, messages.ToServer] = {}
        """What was dropped and says how things stand: the latest of each kind goes out when there is room."""
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closing = False

    def start(self, setup: msgspec.Struct) -> None:
        """Start the serving process; what it can't do it says, or it ends.

        Raises:
            OSError: it can't be started.
        """
        self._process = child_process.start(self._module)
        self._queue.put([setup])
        for name, work in (("writes to", self._write), ("hears", self._read)):
            threading.Thread(target=work, name=f"{name} {self._module}", daemon=True).start()

    def put(self, *given: messages.ToServer) -> None:
        """Hand messages over; notes always from the same thread."""
        taken = [message for message in given if self._is_taken(message)]
        if taken:
            self._queue.put(taken)

    def _is_taken(self, message: messages.ToServer) -> bool:
        if isinstance(message, NoteOff):
            if self._shown[message.part].turn_off(message) is None:
                return False  # its start was dropped
        elif self._queue.qsize() >= MOST_WAITING:
            if not isinstance(message, NoteOn | Notice):
                self._late[type(message)] = message
            return False
        else:
            self._late.pop(type(message), None)
        if isinstance(message, NoteOn):
            self._shown[message.part].turn_on(message)
        return True

    def close(self) -> None:
        """End the serving process."""
        self._is_closing = True
        self._queue.put(None)
        if self._process is not None:
            child_process.end(self._process)

    def _write(self) -> None:
        pipe = self._process.stdin if self._process else None
        if pipe is None:
            return
        with contextlib.suppress(OSError):  # it has ended; who reads will hear of it
            while (given := self._queue.get()) is not None:
                lines = bytearray()
                with contextlib.suppress(Empty):
                    while given is not None:
                        for message in given:
                            lines += _encoder.encode(message) + b"\n"
                        given = self._queue.get_nowait()
                late, self._late = self._late, {}
                for message in late.values():
                    lines += _encoder.encode(message) + b"\n"
                pipe.write(lines)
                pipe.flush()
                if given is None:
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
