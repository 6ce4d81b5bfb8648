"""The tab Lab: a pattern and its label words, and at once what the model makes of them."""
