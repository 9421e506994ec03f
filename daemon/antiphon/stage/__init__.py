"""The stage page: a process beside the playing one that shows a browser what happens, and hands back what it does."""
