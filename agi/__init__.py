"""FastAGI: the questions that the dialplan asks while a caller is on the line."""
