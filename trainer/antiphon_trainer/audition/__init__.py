"""Auditions: how well a bundle's musician hears and plays."""
