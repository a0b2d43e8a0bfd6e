"""Callbacks: asked for by callers, tried by rule until they are answered, failed or cancelled (A11)."""
