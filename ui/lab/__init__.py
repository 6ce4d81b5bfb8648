"""The tab Lab: a pattern and its label words, and at once the model's answers."""
