"""The one exception that is meant for users."""


class UserError(ValueError):
    """Something outside the program is wrong: a file, a setting, a folder.

    The message is one line that says what is wrong, where (file, row or key) and the mend. The command line prints it
    and exits with code 2; every other exception is a bug and exits with 1.
    """
