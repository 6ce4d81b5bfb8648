"""How good predictions are, and whether a difference is more than chance."""
