"""A power cut: what a disk surely has is what was synced to it, and that is all but the last second."""

from itertools import pairwise
from pathlib import Path

from antiphon.midi.messages import NoteOff, NoteOn
from tests.daemon.faults import patched_daemon
from tests.daemon.live import Daemon, Keyboard, daemon, sessions

SPY = """
import os, threading, time
from pathlib import Path
from antiphon.recording import journal
sync = os.fsync
def spied(handle):
    sync(handle)
    if os.path.isdir(f"/proc/self/fd/{handle}"):
        print("the folder is synced", flush=True)
        return
    # What a power cut leaves at least; what was written since may be gone, or zeros.
    content = Path(f"/proc/self/fd/{handle}").read_bytes()
    Path("synced").write_bytes(content)
    count = sum(record[9:10] == b"\\x90" for record in journal.records(content))
    print("synced", time.monotonic(), threading.current_thread().name, count, flush=True)
journal.os.fsync = spied
"""
PROMISED = 1.0
"""Seconds that a power cut may take."""
NOTES = 8


def syncs(running: Daemon) -> list[tuple[float, str, int]]:
    """Return what was said of the syncs: when, on which thread, and how many note-ons were in the file."""
    lines = [line.split() for line in running.said if line.startswith("synced ")]
    return [(float(moment), thread, int(count)) for _, moment, thread, count in lines]


def play_slowly(running: Daemon, pianist: Keyboard) -> list[float]:
    """Play notes, each when the one before is on the disk; return how long that took each time, in seconds."""
    waited = []
    for number in range(NOTES):
        pianist.press(NoteOn(60 + number, 80, 1))
        (answer,) = pianist.hear_until(lambda came: len(came) == 1)
        while not syncs(running) or syncs(running)[-1][2] <= number:
            running.wait_for("synced ")
        waited.append(syncs(running)[-1][0] - answer.time)
        pianist.press(NoteOff(60 + number, 1))
        pianist.hear(1)
    return waited


def test_a_power_cut_loses_a_second_at_most(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        patched_daemon(SPY, "--name", "Cut", "--channel", "2", cwd=tmp_path) as running,
        Keyboard("Cut") as pianist,
    ):
        waited = play_slowly(running, pianist)
        running.process.kill()
        running.process.wait()
    # A busy machine may be late now and then; the way that it goes is in time.
    assert min(waited) < PROMISED
    assert {thread for _, thread, _ in syncs(running)} == {"journal"}
    assert any("the folder is synced" in line for line in running.said)  # a file that no folder names is lost as well
    (journal,) = (tmp_path / "data").rglob("*.journal")
    journal.write_bytes((tmp_path / "synced").read_bytes() + bytes(4096))
    with daemon("--name", "Cut", cwd=tmp_path) as again:
        again.stop()
    assert any("recovered" in line for line in again.said)
    (kept,) = sessions(tmp_path)
    assert kept["played"] == kept["answered"] == NOTES


def test_a_disk_is_asked_to_sync_twice_a_second_at_most_however_much_is_played(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with (
        patched_daemon(SPY, "--name", "Busy", "--channel", "2", cwd=tmp_path) as running,
        Keyboard("Busy") as pianist,
    ):
        for _ in range(4):
            pianist.play([(60 + number % 12, 0.1) for number in range(40)], bpm=240)
        running.stop()
    moments = [moment for moment, thread, _ in syncs(running) if thread == "journal"]
    assert len(moments) >= 4
    # The last one is the end's, which doesn't wait.
    gaps = [after - before for before, after in pairwise(moments[:-1])]
    assert min(gaps) > PROMISED / 2.5, gaps
