"""Evaluation: bits per step on songs that a model never heard, beside models without a network."""
