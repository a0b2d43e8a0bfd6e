"""Asterisk's manager interface: bytes in, typed events and answers out."""
