"""What accompanies the performer: which chord fits, how it is voiced, and when it sounds."""
