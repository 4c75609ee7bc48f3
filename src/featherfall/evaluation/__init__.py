"""Evaluation: what an honest number is. Every figure comes from `Judged` recordings, whoever judged them."""
