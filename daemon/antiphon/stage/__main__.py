"""`python -m antiphon.stage`: the serving process. `antiphon run` starts it; it isn't for people."""

from antiphon.stage.server import main

if __name__ == "__main__":
    main()
