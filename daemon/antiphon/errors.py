"""The one kind of error that a user may see: what is wrong, where, and what to do next, in one line."""

DEBUG = "ANTIPHON_DEBUG"
"""The environment variable that lets through what is kept from users: tracebacks, and the libraries' own talk."""


class UserError(Exception):
    """Bad usage or bad input. The command line prints its message and leaves with exit code 2."""
