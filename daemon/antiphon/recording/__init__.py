"""Recordings: sets written down while they are played, read back, and listed."""
