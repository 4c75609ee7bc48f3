"""Export formats, one file each: a function `(deployment, folder) -> Model | Refusal`, registered by name."""
