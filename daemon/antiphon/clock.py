"""The clock by which the playing process and the page's take their times.

`time.monotonic` won't do: on Windows, before Python 3.13, it moves in steps of 15.6 ms, an audible part of a beat.
`time.perf_counter` moves in steps of 0.1 µs, and processes of one machine share it. What becomes of a laptop that
sleeps differs: on Windows this clock goes on, as after a SIGSTOP; on Linux and macOS it stands still, and so does
whatever was planned.
"""

from __future__ import annotations

import time

now = time.perf_counter
"""Return the time, in seconds from a moment that means nothing by itself."""
