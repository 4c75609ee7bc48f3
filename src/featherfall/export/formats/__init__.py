"""Export formats, one file each: a function `(deployment, folder) -> ModelFile | Refusal`, registered by name."""
