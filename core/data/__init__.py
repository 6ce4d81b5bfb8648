"""Tasks and their examples: bundled, published, or a person's own files."""
