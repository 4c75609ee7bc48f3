"""Perception: probabilities of windows, people in pictures."""
