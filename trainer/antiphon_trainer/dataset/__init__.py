"""The dataset: from encoded songs to the mapping, windows of tokens, and batches."""
