"""The time that leases are told by."""

from textor.toolbox import Toolbox


def seconds(tools: Toolbox) -> float:
    """The toolbox's time as seconds since 1970."""
    return tools.clock.now().timestamp()
