"""Experiments: their specs, execution and results, the store that keeps them, and the workers."""
