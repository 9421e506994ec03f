"""The sessions of an audition: tunes played one after the other, and what the memory makes of them."""
