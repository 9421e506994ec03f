"""A token bucket: how much one page or OSC client may send."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGES_A_SECOND = 500.0
"""Messages a second that a page may send without end: a fast pianist who turns three knobs sends 400."""
BURST = 1000.0
"""Messages that it may send at once beyond that."""
RELIEF = 50.0
"""Tokens that must be left before a page no longer counts as slowed: sleeps are never exact."""
PATIENCE = 5.0
"""Seconds for which a page may be slowed; one that sends too much for longer is closed."""


@dataclass
class TokenBucket:
    """Tokens, one for each message, which are refilled as time goes by. Times are in seconds.

    Args:
        now: the time.
        left: tokens in the bucket; below 0 the page must wait.
        slowed_since: when the page began to have to wait; None while it needn't.
    """

    now: float
    left: float = BURST
    slowed_since: float | None = None

    def wait(self, now: float) -> float:
        """Take a token for one message; return how long its page must wait before the next, in seconds."""
        self._refill(now)
        self.left -= 1
        if self.left >= RELIEF:
            self.slowed_since = None
        elif self.left < 0 and self.slowed_since is None:
            self.slowed_since = now
        return max(0.0, -self.left / MESSAGES_A_SECOND)

    def take(self, now: float) -> bool:
        """Take a token for one message if there is one; return whether there was."""
        self._refill(now)
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def is_flood(self, now: float) -> bool:
        """Return whether the page has been slowed for too long."""
        return self.slowed_since is not None and now - self.slowed_since > PATIENCE

    def _refill(self, now: float) -> None:
        self.left = min(BURST, self.left + (now - self.now) * MESSAGES_A_SECOND)
        self.now = now
