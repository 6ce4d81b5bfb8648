"""The tab Compare: finished runs side by side, in figures, tables, examples and downloads."""
