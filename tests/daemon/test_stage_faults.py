"""What pages and processes do wrong, and that the playing goes on."""

import asyncio
import json
import os
import random
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from antiphon.improviser.listening.voices import CHORD_SECONDS
from antiphon.stage import messages
from antiphon.stage.hub import MOST_NONSENSE, MOST_PAGES, MOST_WAITING, Hub
from tests.daemon.live import PATIENCE, Daemon, Keyboard, daemon, ons, sounding
from tests.daemon.pages import Message, Page, page, socket_to, staged


@pytest.fixture(autouse=True)
def no_midi(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "jack_server" not in request.fixturenames:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")


def check_plays(one: Page) -> None:
    """Check that a page is answered."""
    one.play(0x90, 60, 80)
    one.wait_for_answer()
    one.play(0x80, 60, 0)
    one.wait_for_answer("note_off")


def child_of(running: Daemon) -> psutil.Process:
    (child,) = psutil.Process(running.process.pid).children()
    return child


def test_nonsense_is_refused_and_too_much_of_it_closes_the_page(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (_, url), page(url) as good, page(url) as bad:
        for each in (good, bad):
            each.wait_for_state()
        for text in (
            "",
            "{",
            "[]",
            '{"type":"midi"}',
            '{"type":"midi","message":[]}',
            '{"type":"midi","message":[256]}',
            '{"type":"midi","message":[144,60,200]}',
            '{"type":"midi","message":[60,60,60]}',
            '{"type":"set","name":"model","value":"../../etc"}',
            '{"type":"set","name":"temperature","value":99}',
            '{"type":"set","name":"mute","value":1}',
            '{"type":"set","name":"key","value":"H"}',
            '{"type":"set","name":"folder","value":"/"}',
            '{"type":"press","name":"reboot"}',
            '{"type":"ping","id":1,"more":2}',
        ):
            bad.socket.send(text)
            assert bad.wait_for("refused")["text"]
        bad.socket.send(b"\x90\x3c\x50")
        bad.wait_for("refused")
        with suppress(ConnectionClosed):  # it may be closed before the last of them
            for _ in range(MOST_NONSENSE):
                bad.socket.send("nonsense")
        code, last = bad.wait_for_end()
        assert (code, last["type"]) == (1008, "refused")
        check_plays(good)
        assert good.wait_for_state(temperature=0.9, mute=False)


def test_a_message_that_is_too_long_closes_its_page(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (_, url), page(url) as good, page(url) as bad:
        bad.wait_for_state()
        bad.socket.send(json.dumps({"type": "set", "name": "key", "value": "C" * 2000}))
        assert bad.wait_for_end()[0] == 1009
        check_plays(good)


def test_random_bytes_do_no_harm(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311
    with staged(cwd=tmp_path) as (_, url), page(url) as good:
        good.wait_for_state()
        for _ in range(10):
            with page(url) as bad:
                bad.wait_for_state()
                for _ in range(15):
                    noise = chance.randbytes(chance.randrange(200))
                    bad.socket.send(noise if chance.random() < 0.5 else noise.decode("latin-1"))
        check_plays(good)


def test_a_flood_closes_its_page_and_others_are_answered_meanwhile(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (running, url), page(url) as good, page(url) as bad:
        for each in (good, bad):
            each.wait_for_state()
        knob = json.dumps({"type": "midi", "message": [0xB0, 1, 5]})
        answered = 0
        try:
            while answered < 200:  # until it is closed
                for _ in range(1000):
                    bad.socket.send(knob)
                check_plays(good)
                answered += 1
        except Exception as closed:  # noqa: BLE001  closed, or reset while it was sending
            assert "1008" in str(closed) or "closed" in str(closed) or "reset" in str(closed), closed
        assert 0 < answered < 200
        check_plays(good)
        assert running.process.poll() is None


def test_a_fast_pianist_with_knobs_is_no_flood(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (_, url), page(url) as one:
        one.wait_for_state()
        for number in range(1200):  # more than the burst that is let through at once
            one.play(0xB0, 1, number % 128)
        one.send("ping", id=9)
        one.wait_for("pong")
        check_plays(one)
        assert not [each for each in one.came if each["type"] == "refused"]


def test_an_old_page_is_told_to_reload(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (_, url):
        with page(url, version=0) as old:
            code, last = old.wait_for_end()
            assert (code, last) == (1008, {"type": "reload"})
        with socket_to(url) as socket:  # and one that doesn't say which it is
            rude = Page(socket)
            rude.play(0x90, 60, 80)
            assert rude.wait_for_end()[0] == 1008
        with page(url) as new:
            new.wait_for_state()


def test_there_is_an_end_to_the_pages(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (_, url), ExitStack() as stack:
        pages = [stack.enter_context(page(url)) for _ in range(MOST_PAGES)]
        for each in pages:
            each.wait_for_state()
        with page(url) as surplus:
            code, last = surplus.wait_for_end()
            assert (code, last["type"]) == (1013, "refused")
        check_plays(pages[-1])


def test_the_server_never_outlives_the_daemon(tmp_path: Path) -> None:
    with staged(cwd=tmp_path) as (running, url), page(url) as one:
        one.wait_for_state()
        child = child_of(running)
        running.process.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
        with pytest.raises(Exception, match=r"close|reset"):
            while True:
                one.receive()


def test_the_servers_end_ends_what_pages_held_and_no_more(jack_server: dict[str, str], tmp_path: Path) -> None:
    with (
        staged("--name", "Orphan", cwd=tmp_path) as (running, url),
        Keyboard("Orphan") as pianist,
        page(url) as one,
    ):
        one.wait_for_state()
        one.play(0x90, 60, 80)
        came = pianist.hear(1)
        child_of(running).kill()
        running.wait_for("playing goes on")
        came += pianist.hear(1)  # the answer to it ends
        pianist.send(0x90, 62, 80)
        came += pianist.hear(1)
        pianist.send(0x80, 62, 0)
        came += pianist.hear(1)
        assert len(ons(came)) == 2
        assert sounding(came) == []
        running.stop()


def test_a_server_that_stands_still_delays_no_note_and_leaves_none_hanging(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with (
        staged("--name", "Still", "--bpm", "400", cwd=tmp_path) as (running, url),
        Keyboard("Still") as pianist,
        page(url) as one,
    ):
        one.wait_for_state()
        child = child_of(running)
        child.suspend()
        try:
            for number in range(1500):  # more than what waits for it
                pianist.send(0x90, 60 + number % 12, 80)
                pianist.send(0x80, 60 + number % 12, 0)
                if number < 5:
                    pianist.hear_until(lambda came: len(ons(came)) == 1)
                    time.sleep(2 * CHORD_SECONDS)
                elif number % 20 == 0:
                    time.sleep(0.01)  # JACK itself drops some of so much at once
            pianist.send(0xB0, 21, 0)
            time.sleep(0.2)  # in which it is looked at
        finally:
            child.resume()
        assert len(one.came) < 3 * MOST_WAITING
        # Of a page that was too far behind the server lets go; it then comes back, as this one comes.
        with page(url) as two:
            two.wait_for_state(temperature=0.1)  # dropped, and sent when there was room
            pianist.send(0x90, 64, 81)
            two.wait_for("note_on", lambda note: (note["part"], note["velocity"]) == ("performer", 81))
            pianist.send(0x80, 64, 0)
            two.find("note_off", lambda note: (note["part"], note["pitch"]) == ("performer", 64))
            two.send("press", name="panic")
            two.set("mute", True)
            two.wait_for_state(mute=True)
            assert hanging(two.came) == set()
        child.suspend()
        running.stop()
        assert not psutil.pid_exists(child.pid)


def hanging(came: list[Message]) -> set[tuple[str, int]]:
    """Return the parts and pitches that sound at a page, after what came."""
    on: set[tuple[str, int]] = set()
    for message in came:
        if message["type"] == "note_on":
            on.add((message["part"], message["pitch"]))
        elif message["type"] == "note_off":
            on.discard((message["part"], message["pitch"]))
    return on


def test_a_page_that_takes_nothing_is_closed_and_the_others_are_not() -> None:
    class Socket:
        """A browser's end; one that is deaf never takes a message."""

        def __init__(self, is_deaf: bool) -> None:
            self.is_deaf = is_deaf
            self.took: list[str] = []

        async def accept(self) -> None:
            pass

        async def receive_text(self) -> str:
            return msgspec.json.encode(messages.PageHello(messages.VERSION)).decode()

        async def receive(self) -> None:
            await asyncio.Event().wait()

        async def send_text(self, text: str) -> None:
            if self.is_deaf:
                await asyncio.Event().wait()
            self.took.append(text)

    async def play() -> None:
        hub = Hub("0", lambda: 0.0, lambda _: None)
        good, deaf = Socket(is_deaf=False), Socket(is_deaf=True)
        meetings = [asyncio.create_task(hub.meet(each)) for each in (good, deaf)]  # type: ignore[arg-type]
        for number in range(2 * MOST_WAITING):
            await asyncio.sleep(0)
            hub.hear(msgspec.json.encode(messages.Notice(str(number))))
        await meetings[1]
        assert not meetings[0].done()
        assert len(good.took) >= 2 * MOST_WAITING - 10
        meetings[0].cancel()

    asyncio.run(asyncio.wait_for(play(), PATIENCE))


def test_where_starlette_is_broken_the_ports_play(jack_server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "starlette").mkdir()
    (tmp_path / "starlette" / "__init__.py").write_text("raise ImportError('broken')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        with daemon("--stage", "--name", "Broken", cwd=tmp_path) as running, Keyboard("Broken") as pianist:
            if not any("no stage page" in line for line in running.said):
                running.wait_for("no stage page")
            pianist.send(0x90, 60, 80)
            assert len(ons(pianist.hear(1))) == 1
            running.stop()
        assert sum("stage page" in line for line in running.said) == 1
