"""The key network: hears the key of a melody, note by note; its examples, its training, its bundle file."""
