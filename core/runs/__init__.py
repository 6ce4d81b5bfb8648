"""Experiments as data: specs, their execution, the store that remembers them and the workers that do them."""
