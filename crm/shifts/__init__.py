"""The leaders' shifts (K2): who leads now, the log, and the hand-over with what is open."""
