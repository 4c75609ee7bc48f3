"""Secrets of a configuration: never in the file itself, never in logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.errors import UserError

_MOST = 4096  # bytes


class Secret(Checked):
    """Where a secret is: exactly one of both.

    env: name of an environment variable. file: path of a file, whose first line it is; systemd's LoadCredential gives such files.
    """

    is_secret: ClassVar[bool] = True

    env: str | None = Field(default=None, min_length=1, max_length=200)
    file: str | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="before")
    @classmethod
    def _not_itself(cls, values: object) -> object:
        if isinstance(values, str | int):
            raise ValueError("a secret is not written into the file; give {env: NAME} or {file: PATH}")
        return values

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("give either env or file")
        return self

    def read(self, where: str) -> str:
        """Return the secret; raises `UserError` where there is none. where: the key, for messages."""
        if self.env is not None:
            found = os.environ.get(self.env, "").strip()
            if not found:
                raise UserError(f"{where}: the environment has no {self.env}; set it")
            return found
        path = Path(str(self.file)).expanduser()
        try:
            with path.open("rb") as file:
                lines = file.read(_MOST).decode("utf-8", "strict").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{where}: {path} cannot be read ({getattr(error, 'strerror', None) or 'no text'})") from None
        if not lines or not lines[0].strip():
            raise UserError(f"{where}: {path} is empty; write the secret into its first line")
        return lines[0].strip()
