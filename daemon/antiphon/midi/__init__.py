"""MIDI: its protocol, the ports, and the connection to them. Nothing else in the package knows its bytes."""
