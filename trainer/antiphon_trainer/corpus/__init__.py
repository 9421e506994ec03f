"""The corpus: from scores to encoded songs, and a report of what was kept and refused."""
