"""The HTTP API under /api/v1, one file a resource. Routes only translate: the work is in crm's services."""
