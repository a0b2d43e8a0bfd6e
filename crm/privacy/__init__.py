"""Personal data: masks, who sees what without one, looks that are logged, and what is forgotten when."""
