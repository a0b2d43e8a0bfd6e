"""Recordings at rest: encrypted with a key outside the database, checked, listened to, noted on, exported, forgotten (A8)."""
