"""Budgets: how much of anything from outside is read, before it is read. Everything that people play or train with
fits many times over; what doesn't is refused in a line that names the limit.
"""

from __future__ import annotations

_KIB, _MIB = 1 << 10, 1 << 20

MANIFEST_BYTES = 1 * _MIB
"""Bytes of a bundle's manifest; the shipped one has 3 kB."""
MAPPING_BYTES = 1 * _MIB
"""Bytes of a mapping; the shipped one has 1 kB, one with a symbol for each MIDI note and length would have 100."""
MODEL_BYTES = 128 * _MIB
"""Bytes of a bundle's model; the shipped one has 0.4 MB, an LSTM of 2,048 units 18 MB with int8 weights, 70 without."""
SCORE_BYTES = 4 * _MIB
"""Bytes of one song's score, unpacked; the longest song of the Essen collection has 12 kB."""
BOOK_BYTES = 64 * _MIB
"""Bytes of a file with many songs: a hundred thousand of them, and more, in ABC."""
SONG_QUARTERS = 5_000
"""Quarter notes of one song: half an hour of slow music."""
SONG_NOTES, SONG_BARS = 20_000, 5_000
"""Notes and rests, and bars, of one song."""
METRE_UNITS = 256
"""Beats of a bar, and beats of a whole note, that a score may say."""
QUARTER_DIVISIONS = 1 << 20
"""Parts of a quarter note in which a MusicXML score may count."""
PARSING_BYTES = 320 * _MIB
"""Bytes of memory that reading one score by music21 may take, besides what music21 itself has taken."""
KERAS_FILE_BYTES = 256 * _MIB
"""Bytes of a Keras file to convert; an LSTM of 2,048 units with its optimizer's state has 210 MB."""
WEIGHTS_BYTES = 256 * _MIB
"""Bytes of the weights in it, unpacked."""
CONFIG_BYTES = 4 * _MIB
"""Bytes of a network's architecture, as JSON; that of a hundred layers has 0.1 MB."""
LAYER_UNITS = 4096
"""Units of a layer, and tokens of a vocabulary: Keras would make room for any number before it looks at the weights."""
NETWORK_LAYERS = 256
"""Layers of a network."""
LOADING_BYTES = 1024 * _MIB
"""Bytes of memory that loading a network may take, besides what Keras itself has taken: four times its weights."""
ARCHIVE_RATIO, RATIO_FREE_BYTES = 100, 4 * _MIB
"""How many times smaller a member of an archive may be packed, once so many bytes of it are unpacked."""
SETTINGS_BYTES = 1 * _MIB
"""Bytes of a settings file."""
JOURNAL_BYTES = 128 * _MIB
"""Bytes of a journal that a crash left behind; a day to a MIDI clock of 120 BPM has 91 MB, 22 bytes a pulse."""
PREPARED_BYTES = 4096 * _MIB
"""Bytes of a file that `prepare` wrote; of a million songs the largest has 1 GB."""
SONG_BYTES = 16 * _MIB
"""Bytes of an encoded song, or of a list of held-out ones; the longest in the corpora has 20 kB, such a list 40."""
MIDI_FILE_BYTES = 16 * _MIB
"""Bytes of a MIDI file to play to; ten hours with fifteen notes a second have 4 MB."""
MIDI_FILE_EVENTS = 2_500_000
"""Events and tracks of a MIDI file, 400 MB in memory; a session to a clock of 120 BPM has as many after 14 hours."""
MEMORY_BYTES = 256 * _MIB
"""Bytes of what was learned of a performer; full after about a day of playing, it has 100 MB."""
