"""Conversion: from a Keras file to a bundle, proven equal before it is written."""
