"""Melody: the ground floor of pure values and functions. It knows of no port, no clock and no thread."""
