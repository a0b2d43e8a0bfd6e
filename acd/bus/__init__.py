"""To and from the bus: events and the board out, orders in."""
