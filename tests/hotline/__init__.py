"""A whole hotline in a test's hands: a site, an Asterisk, its journal, its AMI, callers and seats."""
