"""The vocabulary that agi, acd, crm and dashboard share, and the command line."""
