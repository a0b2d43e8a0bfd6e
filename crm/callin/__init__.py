"""People who are called in when a surge is not under control: off duty and on leave (B3), then other staff (B4)."""
