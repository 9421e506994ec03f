"""Rates: how much one page may send before it is slowed, and then turned away."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGES_A_SECOND = 500.0
"""That a page may send for ever: a fast pianist with three knobs in her hands sends 400."""
BURST = 1000.0
"""Messages beyond that, at once."""
RELIEF = 50.0
"""Messages that a page must have leave for before it counts as slowed no more; sleep is never exact."""
PATIENCE = 5.0
"""Seconds for which a page may be slowed; one that still sends too much is no pianist."""


@dataclass
class TokenBucket:
    """A bucket of leave to send, which fills as time goes by. Times are in seconds.

    Args:
        now: the time.
    """

    now: float
    left: float = BURST
    slowed_since: float | None = None

    def wait(self, now: float) -> float:
        """Take leave for one message; return how long its page must wait for that, in seconds."""
        self.left = min(BURST, self.left + (now - self.now) * MESSAGES_A_SECOND) - 1
        self.now = now
        if self.left >= RELIEF:
            self.slowed_since = None
        elif self.left < 0 and self.slowed_since is None:
            self.slowed_since = now
        return max(0.0, -self.left / MESSAGES_A_SECOND)

    def is_flood(self, now: float) -> bool:
        """Return whether the page has been slowed for too long."""
        return self.slowed_since is not None and now - self.slowed_since > PATIENCE
