"""The exception for errors that a user can fix."""


class UserError(ValueError):
    """An error outside the program: a file, a setting, a folder. Its text is shown to the user.

    The message is one line that says what is wrong, where (file, row or key) and the remedy. The command line prints it
    and exits with code 2; every other exception is a bug and exits with 1.
    """
