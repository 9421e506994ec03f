"""Tempo: steps to seconds, by a set tempo, by MIDI clock or by the performer's own playing."""
