"""Known incidents and the calls that are tied to them (H6)."""
