"""A connection that is awaited, and then is as good as any."""

from collections.abc import Callable
from queue import SimpleQueue

import pytest

from antiphon.midi import late_connection
from antiphon.midi.late_connection import LateConnection
from antiphon.midi.messages import NoteOn, Packet


class Opened:
    """A connection that notes what is asked of it."""

    input_name, output_name, carriers_priority = "in", "out", 5

    def __init__(self) -> None:
        self.asked: list[object] = []

    def send(self, packet: Packet) -> None:
        self.asked.append(packet)

    def repeat(self, now: float) -> float | None:
        self.asked.append(now)
        return now + 1

    def end_notes(self) -> None:
        self.asked.append("end")

    def finish(self) -> None:
        self.asked.append("finish")

    def close(self) -> bool:
        self.asked.append("close")
        return True


class Told:
    """Is told of ports."""

    def __init__(self) -> None:
        self.reconnects: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def lost(self, what: str) -> None:
        raise AssertionError(what)

    def back(self, what: str, reconnect: Callable[[], None]) -> None:
        self.reconnects.put(reconnect)


def test_once_it_is_taken_all_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_connection, "LATE_SECONDS", 0.0)
    opened, told = Opened(), Told()
    late = LateConnection(lambda: opened, told)  # type: ignore[arg-type,return-value]
    reconnect = told.reconnects.get(timeout=20)
    packet = Packet(0.0, b"\x90\x40\x50", NoteOn(64, 80, 1))

    def ask() -> list[float | None]:
        late.send(packet)
        answers = [late.carriers_priority, late.repeat(1.0)]
        late.end_notes()
        late.finish()
        return answers

    assert ask() == [None, None]
    assert not opened.asked
    reconnect()  # as the playing thread does
    assert ask() == [5, 2.0]
    assert opened.asked == [packet, 1.0, "end", "finish"]
    assert late.close()
    assert opened.asked[-1] == "close"
