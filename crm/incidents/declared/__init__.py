"""Emergencies that were declared: level, commander, checklist, clocks, timeline, report (H1-H5, H7, H9-H11)."""
