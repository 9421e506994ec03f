"""Listening: notes and their times become steps, a register, a key and expectations of what comes next."""
