"""The browser interface: Gradio lives here and nowhere else. One file a tab; logic is asked of `core`."""
