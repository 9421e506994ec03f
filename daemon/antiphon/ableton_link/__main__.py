"""`python -m antiphon.ableton_link`: the process that joins Link. `antiphon run` starts it; it isn't for people."""

from antiphon.ableton_link.peer import main

if __name__ == "__main__":
    main()
