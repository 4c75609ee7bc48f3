"""Publish bundles: the files of a Hugging Face Space, a model repository with its card. Pushing needs the extra `publish`."""
