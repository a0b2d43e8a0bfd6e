"""Tickets that make themselves, once a period (J2, E8)."""
