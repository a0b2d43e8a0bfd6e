"""Reply letters: words that were approved, filled from the ticket, approved, numbered, printed, sent (E6)."""
