"""Names in a configuration: ids, which become topics, labels and file names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$")]
Title = Annotated[str, Field(min_length=1, max_length=80)]
Port = Annotated[int, Field(ge=1, le=65535)]
