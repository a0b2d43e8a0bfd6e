"""The hotline's spoken prompts: their texts, the voice that says them, the check that callers hear them."""
