"""Language models: token ids and tensors; nothing here knows tasks or labels."""
