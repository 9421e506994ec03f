"""Music: what a listener hears of what leaves the port: two voices together, and melodies that go on."""
