"""`python -m antiphon.osc`: the OSC server. `antiphon run --osc` starts it; it isn't for people."""

from antiphon.osc.server import main

if __name__ == "__main__":
    main()
