"""Tracking: people over time."""
