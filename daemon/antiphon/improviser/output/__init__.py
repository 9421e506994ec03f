"""What goes out: planned notes, sounding notes with their note-offs, and the metronome."""
