"""Listeners: a page on which people compare melodies without knowing whose they are, and what they preferred."""
