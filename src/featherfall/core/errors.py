"""The exception for errors that a user can fix."""

from __future__ import annotations

from featherfall.core.text import printable, shortened

_MOST = 1500  # characters of a message; paths have up to 4,096, and a file may hold a key of a megabyte


class UserError(ValueError):
    """An error outside the program: a file, a setting, a folder. Its text is shown to the user.

    The message is one line that says what is wrong, where (file, row or key) and the remedy. The command line prints it
    and exits with code 2; every other exception is a bug and exits with 1. Characters that a terminal obeys are escaped,
    as messages quote files, and of a long message the middle is left out.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(shortened(printable(str(message)), _MOST))
