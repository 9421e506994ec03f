"""Conversion: a Keras file → a bundle that is proven equal to it before it is written."""
