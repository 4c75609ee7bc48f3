"""Training: pairs, augmentation, the loop, and the stages of a recipe."""
