"""Evaluation: what an honest number is. Every figure comes from predictions beside ground truth, whichever model made them."""
