"""The one way in which a wire of a lab ends."""


class Gone(Exception):
    """The platform has left, or the line was cut."""
