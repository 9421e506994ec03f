"""Who may see the page: this machine's browsers, by its own address, and nobody else's web page."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope
from websockets.exceptions import InvalidStatus

from antiphon.stage.guard import Guard
from tests.daemon.pages import page, socket_to, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Yield host and port of a daemon without MIDI, with a secret beside its recordings."""
    folder = tmp_path_factory.mktemp("guarded")
    recordings = folder / "data" / "antiphon" / "sessions"
    recordings.mkdir(parents=True)
    (recordings.parent / "secret.mid").write_bytes(b"secret")
    (recordings / "notes.txt").write_text("secret")
    (recordings / "broken.mid").write_bytes(b"no MIDI file")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
        with staged(cwd=folder) as (_, url):
            host, _, port = url.removeprefix("http://").rpartition(":")
            yield host, int(port)


def ask(stage: tuple[str, int], path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request just as it stands; no client tidies up its path."""
    connection = http.client.HTTPConnection(*stage, timeout=20)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    content = b"" if answer.status == 101 else answer.read()
    connection.close()
    return answer.status, headers, content


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_this_machines_own_names_are_let_in(stage: tuple[str, int], name: str) -> None:
    status, headers, content = ask(stage, "/sessions", Host=f"{name}:{stage[1]}")
    assert status == 200
    assert [each["name"] for each in json.loads(content)] == ["broken"]
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example:{}", "127.0.0.1.evil.example:{}", "192.168.1.7:{}", "127.0.0.1", "", ":{}"]
)
@pytest.mark.parametrize("path", ["/", "/sessions", "/docs/daw"])
def test_a_name_that_was_turned_into_our_address_sees_nothing(stage: tuple[str, int], host: str, path: str) -> None:
    status, _, content = ask(stage, path, Host=host.format(stage[1]))
    assert (status, b"broken" in content) == (421, False)


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1", 200), ("[::1]", 200), ("127.0.0.1:80", 200), ("evil.example", 421), ("", 421)]
)
def test_the_port_that_browsers_leave_out_is_known(host: str, status: int) -> None:
    async def answer() -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
        scope["headers"] = [(b"host", host.encode())]
        await Guard(PlainTextResponse("the page"), "127.0.0.1", 80, None)(scope, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(answer()) == status


def test_a_page_under_such_a_name_opens_no_websocket_either(stage: tuple[str, int]) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    for name, status in ((f"evil.example:{stage[1]}", 421), (f"127.0.0.1:{stage[1]}", 101)):
        assert ask(stage, "/ws", Host=name, Origin=f"http://{name}", **upgrade)[0] == status


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, "https://127.0.0.1:{}", "http://127.0.0.1", "http://127.0.0.1:{}x"]
)
def test_no_other_page_can_open_the_websocket(stage: tuple[str, int], origin: str | None) -> None:
    origin = origin.format(stage[1]) if origin else origin
    with (
        pytest.raises(InvalidStatus, match="403"),
        socket_to(f"http://127.0.0.1:{stage[1]}", origin=origin),
    ):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "/sessions/secret.mid",
        "/sessions/../secret.mid",
        "/sessions/..%2fsecret.mid",
        "/sessions/%2e%2e/secret.mid",
        "/sessions/..\\secret.mid",
        "/sessions/notes.txt",
        "/sessions/notes.mid",
        "/docs/../README",
        "/docs/..%2fREADME",
        "/docs/stage",
        "/docs/controls.md",
        "/../server.py",
        "/%2e%2e/server.py",
        "/..%2fserver.py",
        "//etc/passwd",
        "/ws",
    ],
)
def test_no_path_leads_elsewhere(stage: tuple[str, int], path: str) -> None:
    status, _, content = ask(stage, path)
    assert status == 404
    assert b"secret" not in content and b"uvicorn" not in content


def test_the_guides_are_shown(stage: tuple[str, int]) -> None:
    for name, words in (("daw", b"Ableton"), ("controls", b"<table>")):
        status, headers, content = ask(stage, f"/docs/{name}")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert words in content
        assert b"<script" not in content


def test_only_loopback_listens(stage: tuple[str, int]) -> None:
    if sys.platform != "linux":
        pytest.skip("reads Linux's list of sockets")
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = [local for _, local, _, state, *_ in listening if state == "0A" and local.endswith(f":{stage[1]:04X}")]
    assert ours == [f"0100007F:{stage[1]:04X}"]


def test_beyond_this_machine_a_token_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-nobody")
    with staged("--stage-host", "0.0.0.0", cwd=tmp_path) as (running, url):  # noqa: S104
        address, _, token = url.partition("/?token=")
        assert len(token) >= 10 and token.isalnum() and token.islower()  # typed on a phone
        assert any("who knows the address plays along" in line for line in running.said)
        name, _, port = address.removeprefix("http://").rpartition(":")
        there = "127.0.0.1", int(port)
        host = f"{name}:{port}"
        for path in ("/", "/sessions", "/?token=guessed", f"/sessions?token={token}"):
            assert ask(there, path, Host=host)[0] == 403
        assert ask(there, f"/?token={token}", Host=f"evil.example:{port}")[0] == 421
        status, headers, _ = ask(there, f"/?token={token}", Host=host)
        assert (status, headers["location"]) == (303, "/")
        cookie, *flags = headers["set-cookie"].split("; ")
        assert {"HttpOnly", "SameSite=strict"} <= set(flags)
        assert ask(there, "/sessions", Host=host, Cookie=cookie)[0] == 200
        with pytest.raises(InvalidStatus, match="403"), page(f"http://127.0.0.1:{port}"):
            pass
        with page(f"http://127.0.0.1:{port}", Cookie=cookie) as one:
            one.wait_for_state()


def test_a_host_that_is_not_ours_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "antiphon", "run", "--stage-host", "192.0.2.1", "--stage-port", "0"],
        cwd=tmp_path,
        env={**os.environ, "JACK_DEFAULT_SERVER": "antiphon-nobody"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2  # neither MIDI nor a page
    assert "192.0.2.1" in done.stdout
    assert "JACK" in done.stderr
