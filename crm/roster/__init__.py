"""Who is on duty when: skills, shifts, leave."""
