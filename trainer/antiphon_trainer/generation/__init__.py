"""Generation: melodies that a model makes up, and the files that they are written to."""
