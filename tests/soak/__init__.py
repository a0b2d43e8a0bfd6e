"""Calls in fast patterns for hours, and an audit of what they left: used by tests/chaos/test_soak.py and bench/soak.py."""
