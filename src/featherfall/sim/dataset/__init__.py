"""Simulated datasets: from a plan to recordings on disk, and a day of one person."""
