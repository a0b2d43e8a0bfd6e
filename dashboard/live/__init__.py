"""The live feed: one reader of the bus in this process, fanned out to every page."""
