"""The tab Train: studies are planned, started and watched."""
