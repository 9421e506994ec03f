"""Memory: what this performer has played, kept beside the network and mixed into its predictions."""
