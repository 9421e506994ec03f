"""IMPSY over OSC, run by `compare.py` in an environment that has `impsy`: its server, a bare OSC echo, and who plays.

    peer_impsy.py FOLDER         measure; the model and the server's configuration and log are written there
    peer_impsy.py --echo IN OUT  the bare echo, on UDP ports

A line with a number comes in; one with as many round trips in microseconds, through the server and through the echo,
goes out. In between the server is suspended: it takes a whole core even while nobody plays.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import ExitStack
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_server import ThreadingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

HOST = "127.0.0.1"
TUNE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
"""What Antiphon's bench plays."""
PATIENCE = 2.0
"""Seconds after which an answer is lost."""
PACE = 0.040
"""Seconds from an answer to the next note."""
WARMING = 20
"""Notes that don't count, until caches are warm."""
AWAKE = 5
"""Notes that don't count, after the server was suspended."""
IDLE_SECONDS = 4.0

# Polyphony, because only this mode answers each message. The time scale is 0: the answer's own timing, which the model
# predicts, is music and not latency. Not verbose: printing every message would cost more.
CONFIGURATION = """\
title = "random weights"
log_input = true
log_predictions = false
verbose = false
[interaction]
mode = "polyphony"
threshold = 0.1
input_thru = false
[model]
file = "{model}"
dimension = {dimension}
size = "{size}"
sigmatemp = {sigmatemp}
pitemp = {pitemp}
timescale = 0
[osc]
server_ip = "{host}"
server_port = {heard}
client_ip = "{host}"
client_port = {answered}
[webui]
monitor_port = {monitor}
command_port = {command}
"""


def write_model(file: Path, dimension: int, size: str) -> None:
    """Write a model with random weights, in the format that IMPSY recommends and that is its fastest."""
    import tensorflow as tf
    from impsy import mdrnn, tflite_converter, utils

    tf.keras.utils.set_random_seed(1)
    shape = utils.mdrnn_config(size)
    model = mdrnn.build_mdrnn_model(dimension, shape["units"], shape["mixes"], shape["layers"], inference=True)
    tflite_converter.model_to_tflite(model, file)


class Line:
    """UDP to a peer and back."""

    def __init__(self, stack: ExitStack) -> None:
        self._socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.bind((HOST, 0))
        self._socket.settimeout(PATIENCE)
        self.answered: int = self._socket.getsockname()[1]
        self.heard = free_port()

    def round_trip(self, message: bytes) -> float | None:
        """Send a message and return when its answer has come, in seconds after; None if it never does."""
        start = time.perf_counter()
        self._socket.sendto(message, (HOST, self.heard))
        try:
            self._socket.recv(4096)
        except TimeoutError:
            return None
        return time.perf_counter() - start

    def round_trips(self, notes: int, dimension: int) -> list[float]:
        """Play so many notes and return their round trips in microseconds, without those that were lost."""
        taken = []
        for number in range(notes):
            trip = self.round_trip(message(TUNE[number % len(TUNE)], dimension))
            if trip is not None:
                taken.append(trip * 1e6)
            time.sleep(PACE)
        return taken


def message(pitch: int, dimension: int) -> bytes:
    """Return a note as the OSC message that IMPSY takes: all values, from 0 to 1, but the time, which it measures."""
    builder = OscMessageBuilder("/interface")
    for value in (pitch / 127, *[0.5] * (dimension - 2)):
        builder.add_arg(value)
    built: bytes = builder.build().dgram
    return built


def free_port() -> int:
    """Return the number of a UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
        some.bind((HOST, 0))
        number: int = some.getsockname()[1]
        return number


def echo(heard: int, answered: int) -> None:
    """Send back what comes, with the library that IMPSY has, until the process ends."""
    client = SimpleUDPClient(HOST, answered)
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda _address, *values: client.send_message("/impsy", values))
    with ThreadingOSCUDPServer((HOST, heard), dispatcher) as server:
        print("ready", flush=True)  # noqa: T201
        server.serve_forever()


def start(stack: ExitStack, command: list[str], folder: Path, ready: str) -> psutil.Process:
    """Start a process that ends with the stack, and wait until it says so."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    said = []
    for line in process.stdout or ():
        said.append(line)
        if ready in line:
            return psutil.Process(process.pid)
    raise SystemExit(f"it doesn't start: {''.join(said[-3:])}")


def idle_percent(process: psutil.Process) -> float:
    """Return the share of a core, in percent, that a process takes while nobody plays."""
    before = cpu_seconds(process)
    time.sleep(IDLE_SECONDS)
    return round((cpu_seconds(process) - before) / IDLE_SECONDS * 100, 1)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the seconds of processor time that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main(folder: Path) -> None:
    """Answer requests for measurements until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is no answer
    defaults: dict[str, Any] = tomllib.loads((files("impsy") / "data" / "default.toml").read_text())["model"]
    dimension, size = defaults["dimension"], defaults["size"]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"random-{dimension}-{size}.tflite"
    if not file.exists():
        write_model(file, dimension, size)
    with ExitStack() as stack:
        line, echo_line = Line(stack), Line(stack)
        ports = {"heard": line.heard, "answered": line.answered, "monitor": free_port(), "command": free_port()}
        values = {**defaults, **ports, "host": HOST, "model": file.as_posix()}
        (folder / "config.toml").write_text(CONFIGURATION.format(**values))
        run = ["-m", "impsy", "run", "--config", "config.toml", "--logdir", "logs"]
        server = start(stack, run, folder, "RNN Thread Started")
        echoing = [__file__, "--echo", str(echo_line.heard), str(echo_line.answered)]
        start(stack, echoing, folder, "ready")
        for each in (line, echo_line):
            each.round_trips(WARMING, dimension)
        about = {
            "version": version("impsy"),
            "with": f"size {size!r}, {dimension} values, TensorFlow Lite",
            "idle_cpu_percent": idle_percent(server),
        }
        server.suspend()
        print(json.dumps(about), file=answers, flush=True)
        for request in sys.stdin:
            echo_us = echo_line.round_trips(int(request), dimension)
            server.resume()
            line.round_trips(AWAKE, dimension)
            us = line.round_trips(int(request), dimension)
            server.suspend()
            print(json.dumps({"us": us, "echo_us": echo_us}), file=answers, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--echo":
        echo(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]).resolve())
