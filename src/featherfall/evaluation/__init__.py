"""Evaluation: what an honest number is. Every figure comes from `RecordingPredictions` recordings, whoever judged them."""
