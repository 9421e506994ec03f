"""Generation: melodies that a model makes up, written as MIDI, MusicXML and pictures."""
