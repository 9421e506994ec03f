"""The network: what it reads at each step, how it is built, and how it is trained."""
