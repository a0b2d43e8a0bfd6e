"""Complaints: what they count, in whose record, and how they are answered in writing (E)."""
