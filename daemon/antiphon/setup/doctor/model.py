"""Model: whether it can be loaded, and is quick enough to be played."""

from __future__ import annotations

import statistics
import time

import numpy as np

from antiphon.errors import UserError
from antiphon.musician import Musician, load_musician
from antiphon.settings import Settings
from antiphon.setup.doctor.findings import Finding

STEPS = 200
MEASURE_SECONDS = 1.0
"""Seconds after which enough steps of a slow model have been measured."""
FELT_STEP_US = 300.0
"""Microseconds of a step: hearing and answering a note takes four to five steps in twelve keys, each as much as about
four in one. So this comes to 6 ms of the 10 that a player begins to feel."""
TOO_SLOW_STEP_US = 4000.0
"""Microseconds of a step: choosing an answer of four bars takes two steps, of several answers at once, for each of its
64 sixteenths. Of more than this they take over half a second, a beat at 120 BPM: the answer misses its entry."""


def model_finding(settings: Settings) -> tuple[Finding, Musician | None]:
    """Load the model that the settings name."""
    try:
        musician = load_musician(settings)
    except UserError as error:
        fix = "take another one with --model, or convert it again with antiphon-trainer convert"
        return Finding("model", "must be fixed", str(error), fix), None
    manifest = musician.bundle.manifest
    says = f"{musician.bundle.name}, {manifest.context}, {manifest.vocabulary_size} symbols; its checksums agree"
    return Finding("model", "good", says), musician


def speed_finding(musician: Musician) -> Finding:
    """Measure the steps of the model that plays."""
    return judge_speed(_step_us(musician))


def judge_speed(step_us: float) -> Finding:
    """Judge how long a step of the model takes, in microseconds."""
    says = (
        f"a step of the model takes {step_us / 1000:.1f} ms"
        if step_us >= 1000
        else f"a step of the model takes {step_us:.0f} µs"
    )
    if step_us > TOO_SLOW_STEP_US:
        says += ": its answers come too late"
        return Finding("speed", "must be fixed", says, "play a smaller model (--model essen), or close other programs")
    if step_us > FELT_STEP_US:
        says += ": its answers may be felt to be late"
        return Finding("speed", "could be better", says, "close other programs; antiphon bench measures the rest")
    return Finding("speed", "good", f"{says}; antiphon bench measures the rest")


def _step_us(musician: Musician) -> float:
    """Return the median time of a step, in microseconds."""
    model = musician.model
    state, token = model.initial_state(1), np.zeros(1, np.int32)
    taken: list[float] = []
    end = time.perf_counter() + MEASURE_SECONDS
    while len(taken) < STEPS and (start := time.perf_counter()) < end:
        _, state = model.step(token, state)
        taken.append((time.perf_counter() - start) * 1e6)
    return statistics.median(taken)
