"""Export: a trained student becomes files that run without torch."""
