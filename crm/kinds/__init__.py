"""Kinds of tickets, which are configuration: form, stages, clocks, categories (J4)."""
