"""How many will call, how many of them are answered with who is here, and who is needed (C6)."""
