"""Tickets: what was promised to whom, and what became of it."""
