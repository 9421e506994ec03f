"""Antiphon's trainer: turns scores into a Keras LSTM, and that into a bundle that the daemon plays."""
