"""What is wrong with a name that an operator gave. The message says so in a sentence."""


class Unknown(Exception):
    """Nothing has this name."""
