"""Making: recipes of bundles that don't ship, and the command that follows one from the tunes to the bundle."""
