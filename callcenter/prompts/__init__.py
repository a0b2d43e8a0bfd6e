"""The hotline's spoken prompts: their texts, the voice that renders them, and the check that callers hear them."""
