"""Decisions: events of windows, incidents of films, posture."""
