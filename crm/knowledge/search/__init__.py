"""Finds the entry that is meant, by characters always, and by meaning where the model is installed."""
