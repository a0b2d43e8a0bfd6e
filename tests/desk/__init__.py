"""What the tests of the desk share: its whole API in this process, on either database, with a clock of its own."""
