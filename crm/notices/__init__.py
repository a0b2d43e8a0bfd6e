"""Who is told that a clock warns or is broken, over which channels, and who acknowledged it (A6, C2's ladder, E3)."""
