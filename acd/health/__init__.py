"""Whether everything is there, and what Asterisk itself counts."""
