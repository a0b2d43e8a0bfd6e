"""What employees hand in for households: guards, cleaners, engineers, anybody who works here (I5)."""
