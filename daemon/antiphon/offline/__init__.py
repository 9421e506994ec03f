"""Offline: MIDI files played to faster than real time, and pictures of what came of it."""
