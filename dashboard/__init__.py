"""HTTP API, live feed and pages."""
