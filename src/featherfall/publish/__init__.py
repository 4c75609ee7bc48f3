"""Bundles for others: files of a Hugging Face Space, a model repository with its card. Needs the extra `publish` to push."""
