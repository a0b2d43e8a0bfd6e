"""Surge (B): tiers, who is asked for them, and what is told of them."""
