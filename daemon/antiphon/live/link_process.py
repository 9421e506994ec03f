"""The Link process, as the playing process sees it: it starts, is told proposals, tells timelines, and ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue

import msgspec

from antiphon import clock
from antiphon.ableton_link.messages import Failed, FromPeer, Join, Proposal, ToPeer
from antiphon.live import child_process

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[FromPeer] = msgspec.json.Decoder(FromPeer)


class LinkProcess:
    """A process that has joined Link.

    Args:
        join: how it is to take part.
        hear: is told what it says, on a thread of its own.
        ended: is called on that thread when it ends by itself, with the seconds that it has lived.

    Raises:
        OSError: it can't be started.
    """

    def __init__(self, join: Join, hear: Callable[[FromPeer], None], ended: Callable[[float], None]) -> None:
        self._hear = hear
        self._ended = ended
        self._queue: SimpleQueue[ToPeer | None] = SimpleQueue()  # its put() waits for nobody
        self._is_closing = False
        self._started = clock.now()
        self._process = child_process.start("antiphon.ableton_link")
        self._queue.put(join)
        for name, work in (("writes to Link", self._write), ("hears Link", self._read)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def propose(self, proposal: Proposal) -> None:
        """Hand a proposal over, at once."""
        self._queue.put(proposal)

    def close(self) -> None:
        """End it."""
        self._is_closing = True
        self._queue.put(None)
        child_process.end(self._process)

    def _write(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101
        with contextlib.suppress(OSError):  # it has ended; who reads will hear of it
            while (message := self._queue.get()) is not None:
                pipe.write(_encoder.encode(message) + b"\n")
                pipe.flush()
        with contextlib.suppress(OSError):
            pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        failed = False
        for line in self._process.stdout:
            with contextlib.suppress(msgspec.MsgspecError):  # a word that its libraries print
                message = _decoder.decode(line)
                failed = failed or isinstance(message, Failed)
                if not self._is_closing:
                    self._hear(message)
        if not (self._is_closing or failed):
            self._process.wait()
            self._ended(clock.now() - self._started)
