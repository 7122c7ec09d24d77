"""The one error type a user is meant to read."""


class UserError(Exception):
    """Bad input, said in one line: what is wrong, where, and what to do.

    The command line prints the message without a traceback and exits with status 2.
    """
