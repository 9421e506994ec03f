"""Open Sound Control: a process beside the playing one that hears other programs and tells them what happens."""
