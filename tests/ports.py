"""Ports for servers that come later, come back, or never come."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _EACH = 12_000, 200
_turn = itertools.count()


def free_port() -> int:
    """A port on which nobody listens, and that nobody is given by chance: it lies below those that systems hand out, each process has its own."""
    while True:
        port = _FIRST + os.getpid() % 100 * _EACH + next(_turn) % _EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # another program's
                continue
        return port
