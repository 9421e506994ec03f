"""The trial: a bundle is loaded and stepped in a process of its own, before the process that plays loads it.

TensorFlow Lite checks little of a graph, and one that is damaged, or made to do harm, can crash whoever runs it. A
trial bears that, and weights that are no numbers, a graph that asks for all the memory, and one that never ends. What
has passed is remembered by its hash in the user's cache folder, so that a bundle is tried once on each machine.

    parent → child    one `Case`, as MessagePack, on standard input
    child → parent    exit code 0, or 2 and on standard output the reason in a line; anything else is a crash
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
from platformdirs import user_cache_path

from antiphon.errors import UserError
from antiphon.melody.bundle import KEY_FILE, MODEL_FILE, Bundle, Manifest
from antiphon.melody.key_model import NO_INTERVAL, TRANSPOSITIONS, KeyNote, LiteKeyModel
from antiphon.melody.model import Floats, LiteModel, Metre
from antiphon.melody.vocabulary import Vocabulary
from antiphon.memory_limit import limited_memory
from antiphon.printable import printable

STEP_SECONDS = 0.5
"""Seconds of stepping, after which a slow model has been tried enough; each batch size is stepped at least once."""
CPU_SECONDS = 5
"""Seconds of the processor's time that loading and stepping may take; a network of 2,048 units takes less than one."""
LIMIT_SECONDS = 20.0
"""Seconds by the clock that a trial may take, starting the process included, on a machine that is busy."""
MEMORY_BYTES = 400 << 20
"""Bytes of memory that loading and stepping may take."""
STEPS_A_BAR = 16
"""Steps in a bar of the metre that is tried, 4/4."""
TOLERANCE = 0.1
"""By how much the probabilities of one prediction may miss 1; int8 softmax misses by a few hundredths."""

_REMEDY = "take another model, or convert it again"


class Case(msgspec.Struct, frozen=True):
    """What is tried."""

    path: str
    """Where it lies, for messages."""
    manifest: Manifest
    symbols: tuple[str, ...]
    model: bytes
    key_model: bytes
    batches: tuple[int, ...]
    """The batch sizes that the model will be loaded for."""


def try_bundle(bundle: Bundle, batches: tuple[int, ...]) -> None:
    """Load and step a bundle's models in a process of its own, unless they have passed that before.

    Raises:
        UserError: they crash, never end, ask for too much memory, give other shapes than the manifest says, or
            predict what are no probabilities.
    """
    case = Case("", bundle.manifest, bundle.vocabulary.symbols, bundle.model, bundle.key_model, batches)
    passed = _mark_of(msgspec.msgpack.encode(case))
    if passed.exists():
        return
    case = msgspec.structs.replace(case, path=printable(str(bundle.path)))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "antiphon.trial"],
            input=msgspec.msgpack.encode(case),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{bundle.path}: loading the model doesn't end within {LIMIT_SECONDS:g} s; {_REMEDY}") from None
    if done.returncode == 2:
        raise UserError(done.stdout.decode(errors="replace").strip())
    if done.returncode != 0:
        raise UserError(f"{bundle.path}: TensorFlow Lite crashes on the model; {_REMEDY}")
    with contextlib.suppress(OSError):  # it is tried again next time
        passed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        passed.touch(mode=0o600)


def _mark_of(case: bytes) -> Path:
    """Return the file whose existence says that a case has passed, with this version of TensorFlow Lite."""
    digest = hashlib.sha256(f"1 {version('ai-edge-litert')} ".encode() + case).hexdigest()
    return user_cache_path("antiphon", appauthor=False) / "trials" / digest


def check(case: Case) -> None:
    """Load and step the models of a case in this process, which a bad graph may crash.

    Raises:
        UserError: a model can't be loaded or stepped, or predicts what are no probabilities.
    """
    bundle = Bundle(Path(case.path), case.manifest, Vocabulary(case.symbols), case.model, case.key_model)
    try:
        _step(LiteModel(bundle, case.batches), case.batches, f"{case.path}: {MODEL_FILE}")
        if case.key_model:
            _hear(LiteKeyModel(bundle), f"{case.path}: {KEY_FILE}")
    except (ValueError, RuntimeError, TypeError, MemoryError, OverflowError) as error:
        (why, *_) = str(error).splitlines() or [type(error).__name__]
        raise UserError(f"{case.path}: TensorFlow Lite can't run the model ({why}); {_REMEDY}") from None


def _step(model: LiteModel, batches: tuple[int, ...], where: str) -> None:
    """Read each token after the others with the smallest batch, and some of them with each other one."""
    end = time.perf_counter() + STEP_SECONDS
    tokens = np.arange(model.vocabulary_size, dtype=np.int32)
    for batch in batches:
        state = model.initial_state(batch)
        for first in range(0, model.vocabulary_size if batch == min(batches) else 1, batch):
            metre = None
            if first % 2:  # the metre is known every other time
                place = np.full(batch, first % STEPS_A_BAR, np.int32)
                metre = Metre(place, np.full(batch, STEPS_A_BAR, np.int32))
            probabilities, state = model.step(tokens.take(range(first, first + batch), mode="wrap"), state, metre)
            _check_probabilities(probabilities, state, where)
            if time.perf_counter() > end:
                break


def _hear(model: LiteKeyModel, where: str) -> None:
    """Hear a note in each transposition, and one of each interval."""
    state = model.initial_state()
    for interval in range(NO_INTERVAL + 1):
        degrees = np.arange(interval, interval + TRANSPOSITIONS, dtype=np.int32) % TRANSPOSITIONS
        probabilities, state = model.hear(KeyNote(degrees, interval, 0), state)
        _check_probabilities(probabilities[None], state, where)


def _check_probabilities(probabilities: Floats, state: Floats, where: str) -> None:
    if not (np.isfinite(probabilities).all() and np.isfinite(state).all()):
        raise UserError(f"{where} predicts numbers that are not finite: its weights are damaged; {_REMEDY}")
    if probabilities.min() < 0 or abs(probabilities.sum(axis=-1) - 1).max() > TOLERANCE:
        raise UserError(f"{where} predicts what are no probabilities; {_REMEDY}")


def limit_time() -> None:
    """Let this process have a few seconds more of the processor's time, and leave no core file when it crashes."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        most = int(time.process_time()) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> int:
    """Try the case that stands on standard input; return the exit code."""
    case = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Case)
    from ai_edge_litert.interpreter import Interpreter  # noqa: F401  what it takes itself isn't counted

    limit_time()
    try:
        with limited_memory(MEMORY_BYTES):
            check(case)
    except UserError as error:
        sys.stdout.buffer.write(printable(str(error)).encode())
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
