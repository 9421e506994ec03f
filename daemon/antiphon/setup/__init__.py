"""Set-up: what would stop a set on this machine, MIDI learn, and the user's own settings file."""
