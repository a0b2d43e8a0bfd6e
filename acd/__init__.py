"""The floor: AMI in, live state and commands out."""
