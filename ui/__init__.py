"""The browser interface: Gradio lives here and nowhere else. A folder a tab; logic is asked of `core`."""
