"""What drawing the stage page costs, and how many frames a second it reaches, while it is played on.

    .venv/bin/python bench/frames.py [--seconds 8] [--software]

A real daemon, and Chromium with its page, on which a scale is played on the computer's keys, 8 notes a second, each
answered. `draw` is what the page's own frame function takes, `all` the mean of all that its main thread does for a
frame (messages, styles and layout as well), both in milliseconds; at 60 frames a second there are 16.7.
"""

from __future__ import annotations

import argparse
import shutil
import time
from contextlib import ExitStack
from typing import Any, NamedTuple

from compare import midi_system
from playwright.sync_api import Browser, Page, Route, sync_playwright

from antiphon.bench import process
from antiphon.bench.figures import Spread, spread

SCREENS: dict[str, dict[str, Any]] = {
    "laptop, 1440 × 900": {"viewport": {"width": 1440, "height": 900}},
    "the same, 2880 × 1800": {"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 2},
    "phone, 390 × 844": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3},
}
SCALE = ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"]
PACE = 0.125
"""Seconds from a note to the next."""
WARMING = 6.0
"""Seconds of playing before the measurement: then the roll is full."""
PLAYING = ("--stage", "--stage-port", "0", "--bpm", "120", "--metronome")
WATCH = """{
    const request = window.requestAnimationFrame.bind(window);
    window.costs = [];
    window.requestAnimationFrame = (draw) => request((time) => {
        const start = performance.now();
        draw(time);
        window.costs.push(performance.now() - start);
    });
}"""


class Watched(NamedTuple):
    """What was measured on one screen."""

    draw_ms: Spread
    all_ms: float
    """What the main thread does for a frame, in the mean."""
    frames_per_second: float
    notes: int
    """How many the roll showed at the end."""


def isolate(route: Route) -> None:
    """Serve the page as one that shares its process with no other: its clock then counts by 5 µs, not by 100."""
    response = route.fetch()
    alone = {"cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp"}
    route.fulfill(response=response, headers={**response.headers, **alone})


def play(page: Page, seconds: float) -> None:
    """Play up and down the scale for so long, each note until the next."""
    start = time.perf_counter()
    for number in range(round(seconds / PACE)):
        key = (SCALE + SCALE[-2:0:-1])[number % (2 * len(SCALE) - 2)]
        page.keyboard.down(key)
        time.sleep(max(0.0, start + (number + 1) * PACE - time.perf_counter()))
        page.keyboard.up(key)


def watch(browser: Browser, url: str, screen: dict[str, Any], seconds: float) -> Watched:
    """Open the page on a screen, play for so long, and return what its frames cost."""
    page = browser.new_page(permissions=["local-network-access"], **screen)  # what comes by a route isn't local
    page.add_init_script(WATCH)
    page.route(url, isolate)
    page.goto(url)
    page.click("#play")
    page.wait_for_selector("#link.good")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    play(page, WARMING)
    page.evaluate("costs.length = 0")
    began, worked = time.perf_counter(), busy()
    play(page, seconds)
    costs: list[float] = page.evaluate("costs")
    lasted, worked = time.perf_counter() - began, busy() - worked
    shown = page.evaluate("antiphon.score.notes.filter(note => note.end > antiphon.roll.view.firstTime).length")
    page.close()
    found = spread(costs)
    assert found is not None  # noqa: S101
    return Watched(found, worked / len(costs) * 1000, len(costs) / lasted, shown)


def main() -> None:
    """Measure, and print a table."""
    assert __doc__ is not None  # noqa: S101
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8, help="of playing on each screen (default 8)")
    parser.add_argument("--software", action="store_true", help="draw without the graphics processor")
    options = parser.parse_args()
    arguments = ["--no-sandbox", *(["--disable-gpu"] if options.software else [])]
    with midi_system(), ExitStack() as stack:
        daemon = stack.enter_context(process.daemon("auto", "essen", "Bench frames", PLAYING))
        url = daemon.page_url() + "/"
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        print(f"{'':28}{'draw p50':>10}{'p99':>8}{'max':>8}{'all':>8}{'frames/s':>10}{'notes':>8}")  # noqa: T201
        for name, screen in SCREENS.items():
            found = watch(browser, url, screen, options.seconds)
            draw = found.draw_ms
            figures = f"{draw.p50:10.2f}{draw.p99:8.2f}{draw.max:8.2f}{found.all_ms:8.2f}"
            print(f"{name:28}{figures}{found.frames_per_second:10.1f}{found.notes:8}")  # noqa: T201
        browser.close()


if __name__ == "__main__":
    main()
