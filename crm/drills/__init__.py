"""Drills on the live line (H12): simulated callers through the real Asterisk, apart from every figure."""
