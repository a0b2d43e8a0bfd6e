"""What is done with a call that somebody talks on: transferred, parked, joined, listened to, its recording paused."""
