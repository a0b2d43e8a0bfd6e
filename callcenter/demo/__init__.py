"""The demo's people: seats that answer, callers who call. Real phones against the running Asterisk."""
