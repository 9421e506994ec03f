"""`python -m antiphon_trainer`, and the entry point of the command `antiphon-trainer`."""

from antiphon.commands import run
from antiphon_trainer.cli import app


def main() -> None:
    """Run the command line and leave with its exit code."""
    run(app)


if __name__ == "__main__":
    main()
