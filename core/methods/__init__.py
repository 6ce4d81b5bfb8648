"""Ways to learn from a few examples, one file for each paper."""
