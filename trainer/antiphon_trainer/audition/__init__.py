"""Audition: how well a bundle's musician hears and plays, on songs that it never learned from."""
