"""The improviser: events and their times go in, timed messages come out.

Sans-IO: it starts no thread, never sleeps and never reads a clock, and a seed makes it repeatable.
"""
