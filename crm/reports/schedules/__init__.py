"""Reports that come by themselves: every day, week or month, by mail and to the groups' robots."""
