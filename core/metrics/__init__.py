"""How good answers are, by one table of metrics, and whether differences are more than chance."""
