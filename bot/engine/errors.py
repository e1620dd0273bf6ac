"""Errors with which a turn ends without leaving a trace."""


class TurnAborted(Exception):
    """The turn failed half-way: nothing was saved and the same message may be sent again.

    Raised when an action, a response or the tracker store fails. The channel answers 503.
    """


class TrackerConflict(TurnAborted):
    """Somebody else saved this conversation since it was read."""
