"""Signals: clocks, resampling, triggers and windows, shared by training and live use. NumPy only."""
