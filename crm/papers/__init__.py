"""Paper: the one way in which the desk's letters and reports become PDF."""
