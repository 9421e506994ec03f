"""What ends a set from outside: Ctrl-C, SIGTERM, a terminal or a console that closes, a user who logs off.

Each is heard on a thread that waits for it, since the main thread, which plays, may not hear of it: on Windows a signal
doesn't wake that thread while it waits for a message, and on POSIX one that comes just as such a wait begins is seen
only after it.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager

from antiphon.live.windows_end import hold_the_end

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that end a set, where the system knows them; SIGBREAK is Windows' Ctrl-Break."""


@contextmanager
def stopped_from_outside(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop`, on another thread, when the set is to end, in place of dying with notes sounding.

    A Windows console that closes waits until the block has ended. Only for the main thread.
    """
    numbers = {getattr(signal, name) for name in SIGNALS if hasattr(signal, name)}
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        numbers.discard(hangup)  # nohup: it is to outlive its terminal
    ended = threading.Event()
    # Python's handler in C writes a signal's number into the socket at once, on whatever thread it runs.
    listening, told = socket.socketpair()
    told.setblocking(False)
    listener = threading.Thread(target=_listen, args=(listening, numbers, stop), name="hears signals", daemon=True)
    listener.start()
    told_before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    hold_the_end(stop, ended)
    try:
        yield
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(told_before)
        told.close()
        listener.join()


def _listen(listening: socket.socket, numbers: Set[int], stop: Callable[[], None]) -> None:
    with listening:
        while came := listening.recv(64):
            if numbers & set(came):
                stop()
