"""Clocks of tickets: started, paused, warned of, broken, kept; and the ladders that climb when one is broken (A6, E3, F2)."""
