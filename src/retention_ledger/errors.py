"""What goes wrong is said in a sentence."""


class Stop(Exception):
    """Ends a command with exit code 1; its text is what the user reads: what is wrong and what to do."""


class Refused(Stop):
    """A Stop before any table was written."""
