"""The memory's side of the trainer: tunes to play in sessions, and the start weights of the mixture."""
