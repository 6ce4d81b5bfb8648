"""How good answers are, by one table of metrics, and whether a difference is more than chance."""
