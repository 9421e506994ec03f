"""Live: the thin shell that touches the world. Ports, files, the clock and signals; it holds no music."""
