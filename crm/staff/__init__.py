"""Users, their sign-ins, and the audit trail."""
