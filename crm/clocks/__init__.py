"""What must be done by when: clocks of tickets, their calendars, and what a clock does when its time comes (A6, E3, E5, F2)."""
