"""Outages of our own machinery (C2): seen, told by the ladder, acknowledged, over; whom they cost a call (C4); backups (C8)."""
