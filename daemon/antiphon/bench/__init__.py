"""Bench: how fast this machine plays, row by row, each measured in the way that it is used."""
