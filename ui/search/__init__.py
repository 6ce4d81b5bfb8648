"""The tab Search: label words and patterns found automatically, or read from published results."""
