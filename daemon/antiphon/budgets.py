"""Budgets: how much of anything from outside is read, before it is read. Everything that people play or train with
fits many times over; what doesn't is refused in a line that names the limit.
"""

from __future__ import annotations

_KIB, _MIB = 1 << 10, 1 << 20

MANIFEST_BYTES = 1 * _MIB
"""Bytes of a bundle's manifest; the shipped one has 3 kB."""
MAPPING_BYTES = 1 * _MIB
"""Bytes of a mapping; the shipped one has 1 kB, one with a symbol for each MIDI note and length would have 100."""
MODEL_BYTES = 64 * _MIB
"""Bytes of a bundle's model; the shipped one has 0.4 MB, an LSTM of 2,048 units 34 MB with int8 weights."""
SETTINGS_BYTES = 1 * _MIB
"""Bytes of a settings file."""
JOURNAL_BYTES = 128 * _MIB
"""Bytes of a journal that a crash left behind; a day to a MIDI clock of 120 BPM has 91 MB, 22 bytes a pulse."""
MIDI_FILE_BYTES = 16 * _MIB
"""Bytes of a MIDI file to play to; ten hours of dense piano playing have 4 MB."""
