"""Plotly figures of finished runs: pure functions from records to figures."""
