"""The bench's report: every row beside its target, and one line that a musician understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from antiphon.bench import inner, wire
from antiphon.bench.figures import Spread, spread
from antiphon.errors import UserError
from antiphon.live import priority
from antiphon.midi.ports import choose_system
from antiphon.musician import load_musician
from antiphon.settings import Settings

KEYS = 12
"""Rows of a step that hears in every key."""


class Bench(msgspec.Struct, frozen=True):
    """All rows. Where there is no MIDI system, those that need one are null."""

    step_us: Spread | None
    batch12_us: Spread | None
    memory_us: Spread | None
    note_us: Spread | None
    answer_ms: Spread | None
    timing_us: Spread | None
    times_real_time: float
    playing_cpu_percent: float
    ports_us: Spread | None = None
    echo_us: Spread | None = None
    lost: int | None = None
    start_s: float | None = None
    rss_mb: float | None = None
    idle_cpu_percent: float | None = None
    echo_idle_cpu_percent: float | None = None
    no_midi: str | None = None
    """Why the ports weren't measured."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON would have it."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def bench(settings: Settings, notes: int, say: Callable[[str], None]) -> Bench:
    """Measure everything.

    Args:
        settings: all of them; the model in them plays.
        notes: that are played through the ports.
        say: is told what is being measured.
    """
    settings = replace(settings, play=replace(settings.play, seed=1, key="auto"))
    say("the model and the improviser …")
    musician = load_musician(settings)
    with priority.playing():
        hears_all = musician.bundle.manifest.context == "stream"
        rows: dict[str, Any] = {
            "step_us": spread(inner.step_us(musician, 1)),
            "batch12_us": spread(inner.step_us(musician, KEYS)) if hears_all else None,
            "memory_us": spread(inner.memory_us(musician)),
            "note_us": spread(inner.note_us(musician)),
            "answer_ms": spread(inner.answer_ms(musician)),
            "times_real_time": round(inner.virtual_speed(musician), 1),
            "playing_cpu_percent": round(inner.playing_percent(musician), 2),
        }
        say("being on time while another core is busy …")
        rows["timing_us"] = spread(inner.timing_us(musician))
    try:
        system = choose_system(settings.ports.api)
    except UserError as error:
        return Bench(**rows, no_midi=str(error))
    say(f"{notes} notes through MIDI ports, and as many through a bare echo …")
    wired = wire.measure(settings.ports.api, system, settings.play.model, notes)
    return Bench(
        **rows,
        ports_us=spread(wired.ports_us),
        echo_us=spread(wired.echo_us),
        lost=wired.lost,
        start_s=wired.start_s,
        rss_mb=wired.memory_mb,
        idle_cpu_percent=wired.idle_cpu_percent,
        echo_idle_cpu_percent=wired.echo_idle_cpu_percent,
    )


@dataclass(frozen=True)
class _Row:
    """A row with its targets, in its unit; where none is given, nothing is asked of it."""

    name: str
    spread: Spread | None
    unit: str
    p50: float | None = None
    p99: float | None = None

    def line(self) -> str | None:
        """Return it as a line to read; None where it wasn't measured."""
        each = self.spread
        if each is None:
            return None
        figures = f"{each.p50:9.1f}{each.p95:9.1f}{each.p99:9.1f}{each.max:9.1f}{each.n:7}"
        targets = [("p50", each.p50, self.p50), ("p99", each.p99, self.p99)]
        asked = [
            f"{name} ≤ {_marked(f'{target:g}', value <= target)}"
            for name, value, target in targets
            if target is not None
        ]
        return f"{f'{self.name} ({self.unit})':34}{figures}  {', '.join(asked)}".rstrip()


def _marked(text: str, met: bool) -> str:
    return text if met else f"{text} (missed)"


PERIOD_US = 64 / 48_000 * 1e6
"""An audio period: 64 frames at 48 kHz."""


def lines(found: Bench) -> Iterator[str]:
    """Yield the report, line by line."""
    yield f"{'':34}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}{'n':>7}  target"
    echo = found.echo_us
    rows = (
        _Row("one step of the model", found.step_us, "µs", p50=30),
        _Row("a step in twelve keys at once", found.batch12_us, "µs", p50=150),
        _Row("a step predicted and learned", found.memory_us, "µs"),
        _Row("note to answer, in memory", found.note_us, "µs", p50=250, p99=1000),
        _Row("choosing an answer", found.answer_ms, "ms", p99=75),
        _Row("a planned note is late by", found.timing_us, "µs", p99=1000),
        _Row(
            "note to answer, through ports",
            found.ports_us,
            "µs",
            p50=None if echo is None else round(echo.p50 + 300),
            p99=None if echo is None else round(echo.p99 + PERIOD_US),
        ),
        _Row("a bare echo, through ports", echo, "µs"),
    )
    yield from filter(None, (row.line() for row in rows))
    real_time, playing = found.times_real_time, found.playing_cpu_percent
    yield f"{'virtual time, without a pause':34}{real_time:9.0f} × real time, target {_marked('500', real_time >= 500)}"
    yield f"{'playing a note a step to a clock':34}{playing:9.2f} % of a core, target {_marked('4', playing <= 4)}"
    if found.start_s is not None and found.rss_mb is not None and found.idle_cpu_percent is not None:
        start, memory, idle = found.start_s, found.rss_mb, found.idle_cpu_percent
        yield f"{'run until ports are open':34}{start:9.2f} s, target {_marked('0.8', start <= 0.8)}"
        yield f"{'memory':34}{memory:9.1f} MB, target {_marked('90', memory <= 90)}"
        yield (
            f"{'idle with ports open':34}{idle:9.2f} % of a core, target {_marked('0.5', idle <= 0.5)}; "
            f"a bare echo {found.echo_idle_cpu_percent:.2f}"
        )
    yield "The targets are the developers' own, on a machine that does nothing else (docs/performance.md). For you:"
    yield verdict(found)


def verdict(found: Bench) -> str:
    """Return what it comes to, in one line for a musician."""
    if found.no_midi is not None:
        return f"No MIDI ports were measured: {found.no_midi}"
    if found.ports_us is None or found.echo_us is None:
        return "No note came back through the MIDI ports; antiphon doctor says what is wrong."
    added = max(0.0, found.ports_us.p50 - found.echo_us.p50) / 1000
    lost = f"; {found.lost} notes were lost" if found.lost else ""
    feeling = "you can't feel that" if added < 3 else "a quick hand may" if added < 10 else "you will feel that"
    return f"Antiphon adds {added:.1f} ms to your MIDI connection: {feeling}{lost}."
