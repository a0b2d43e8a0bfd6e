"""The hotline without telephones: the same decisions over made-up or past calls, a day in less than a second."""
