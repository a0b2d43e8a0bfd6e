"""The customer side: households, calls, tickets, staff; the only owner of the database."""
