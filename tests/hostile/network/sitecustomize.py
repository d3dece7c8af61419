"""A network of its own for the processes of a test: names lead where a table says, public addresses lead to a server on loopback.

Python imports this in each process that has its folder on PYTHONPATH. The product's guard stays as it is in production: it sees the
public (or private) address that the table gives, and whatever it lets connect is either a route of the table or written down as a
breach and refused.
"""

import json
import os
import socket
import sys
import time

if "TEST_CLOCK_SHIFT" in os.environ:  # of these files Python imports one alone
    sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "shifted"))  # noqa: PTH118, PTH120
    import shifted_clock  # noqa: F401

_TABLE = json.loads(os.environ["HOSTILE_NETWORK"])
_NAMES, _ROUTES, _LOG = _TABLE["names"], _TABLE["routes"], _TABLE["log"]
_turns = {}
_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _say(kind, what):
    with open(_LOG, "a", encoding="utf-8") as log:  # noqa: PTH123
        log.write(f"{kind} {what}\n")


def _getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    name = (host.decode("ascii", "replace") if isinstance(host, bytes) else host or "").rstrip(".").lower()
    _say("ask", name)
    if _TABLE.get("down") and os.path.exists(_TABLE["down"]):  # noqa: PTH110 - from now on no name server answers
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    answers = _NAMES.get(name)
    if answers is None:
        try:
            socket.inet_pton(socket.AF_INET6 if ":" in name else socket.AF_INET, name)
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        answers = [name]
    if answers and isinstance(answers[0], (int, float)):
        time.sleep(answers[0])
        answers = answers[1:]
    if answers and isinstance(answers[0], list):  # another answer each time
        turn = _turns[name] = _turns.get(name, -1) + 1
        answers = answers[min(turn, len(answers) - 1)]
    found = []
    for address in answers:
        six = ":" in address
        place = (address, port or 0, 0, 0) if six else (address, port or 0)
        found.append((socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM, 6, "", place))
    return found


def _to(sock, address):
    """Where a connection really goes: the server of the test for a route, else nowhere."""
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return address
    route = _ROUTES.get(f"{address[0]}|{address[1]}")
    if route is None:
        _say("breach", f"{address[0]} {address[1]}")
        raise ConnectionRefusedError(111, "no such place in this test")
    host, port = route
    return (host, port, 0, 0) if sock.family == socket.AF_INET6 else (host, port)


def _connected(self, address):
    return _connect(self, _to(self, address))


def _connected_ex(self, address):
    try:
        return _connect_ex(self, _to(self, address))
    except ConnectionRefusedError as error:
        return error.errno


socket.getaddrinfo = _getaddrinfo
socket.socket.connect = _connected
socket.socket.connect_ex = _connected_ex
