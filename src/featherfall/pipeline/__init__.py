"""The pipeline: a recipe from data to metrics and bundle, stage by stage, resumable."""
