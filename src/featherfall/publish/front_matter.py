"""The block of YAML at the top of a README.md that Hugging Face reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_front_matter(values: Mapping[str, Any], text: str) -> str:
    """Return `text` below its front matter; keys keep their order, empty values are left out."""
    import yaml

    kept = {key: value for key, value in values.items() if value not in (None, [], {}, "")}
    return f"---\n{yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=120)}---\n\n{text}"
