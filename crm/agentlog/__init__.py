"""What agents did and when: their states, faults of their seats, help asked for, calls listened to. From the journal."""
