"""The key network, which hears the key of a melody note by note: its examples, its training, its `key.tflite`."""
