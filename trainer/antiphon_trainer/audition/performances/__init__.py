"""Performances: how well the daemon hears people who play, where it is known what they meant to play."""
