"""From the declared to the actual floor: the difference, sent and checked."""
