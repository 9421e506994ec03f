"""Makes the pictures of the page in docs/.

python -m tests.page.screenshots
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.page.conftest import ARGUMENTS, CHROMIUM
from tests.page.duet import play
from tests.page.fake_daemon import FakeDaemon

DOCS = Path(__file__).parents[2] / "docs"
UNTIL = 21.3
"""The beat at which the picture is taken: the answer has begun, and most of it is still planned."""
LAPTOP = {"width": 1440, "height": 900}
PICTURES: dict[str, dict[str, Any]] = {
    "stage-dark": {"viewport": LAPTOP, "color_scheme": "dark"},
    "stage-light": {"viewport": LAPTOP, "color_scheme": "light"},
    "stage-phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}


def main() -> None:
    """Let all pages see the same duet, and take their pictures in it."""
    with FakeDaemon() as daemon, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        pages = {name: browser.new_context(**settings).new_page() for name, settings in PICTURES.items()}
        for page in pages.values():
            page.goto(daemon.url)
            page.click("#silent")
            page.wait_for_selector("#link.good")
        duet = threading.Thread(target=play, args=(daemon, UNTIL))
        duet.start()
        while duet.is_alive():
            next(iter(pages.values())).wait_for_timeout(50)  # the browser's messages are heard meanwhile
        for name, page in pages.items():
            page.screenshot(path=DOCS / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
