"""What happened at the desk, written with it in one transaction and told afterwards: to the bus, to webhooks."""
