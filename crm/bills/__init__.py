"""What a ticket costs its household, and whether that was agreed to. Knows of tickets their rows alone; they ask it."""
