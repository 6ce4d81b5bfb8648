"""One file for each method of a paper, and the registry of them all."""
