"""The network: its inputs at each step, its architecture, its training, and its predictions."""
