"""Ableton Link, in a process of its own: its library is under the GPL, and nothing else here imports it."""
