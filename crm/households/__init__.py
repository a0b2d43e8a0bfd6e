"""Who lives where, and which numbers are theirs."""
