"""Detectors: boxes around people, by name."""
