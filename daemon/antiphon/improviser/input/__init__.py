"""What comes in: which notes are heard, which are passed on, and which controller steers what."""
