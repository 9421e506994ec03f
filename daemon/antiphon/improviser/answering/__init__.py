"""Answering: what is played, drawn from the model within the performer's constraints."""
