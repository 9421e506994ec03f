"""The dataset: a corpus prepared as encoded songs, mapping and windows of tokens, and read in batches."""
