"""The journal recorder and what it writes: call records and the contact log."""
