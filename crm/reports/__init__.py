"""Figures, by architecture.md's words for them."""
