"""People at work: orders and what happens at their phones change the book; what they are shown as."""
