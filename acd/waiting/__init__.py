"""Callers who wait: what they are told, how they age, callbacks that keep their place."""
