"""Patterns, verbalizers and the prompts they make: strings only, no tokenizer, no tensors."""
