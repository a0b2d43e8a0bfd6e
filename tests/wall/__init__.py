"""What the dashboard's tests share: a floor to show, and a running dashboard with a real Redis and a real database."""
