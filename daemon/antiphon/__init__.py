"""Antiphon's daemon: hears a phrase on a MIDI port and plays what comes next."""
