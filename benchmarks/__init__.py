"""What it costs, beside the plain way of doing the same work."""
