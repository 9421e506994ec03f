"""`python -m antiphon`, and the entry point of the command `antiphon`."""

from antiphon.cli import app
from antiphon.commands import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    run(app)


if __name__ == "__main__":
    main()
