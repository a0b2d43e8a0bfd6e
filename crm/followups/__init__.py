"""Follow-ups (回访, G): ratings, the call list, the yearly plan, what surveys say, and their figures."""
