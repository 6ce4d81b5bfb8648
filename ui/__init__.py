"""The browser interface, the only place for Gradio: a folder for each tab; logic is in `core`."""
