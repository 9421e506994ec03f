"""The doctor: what would stop a set on this machine, proved where it can be, and the command that fixes it."""
