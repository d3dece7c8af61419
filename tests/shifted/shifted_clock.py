"""A clock of its own for the commands of a test: it is so many seconds ahead of the machine's, or behind it (see tests/clock.py).

Imported by `sitecustomize`, which Python imports in each process that has its folder on PYTHONPATH, in the children of a command, too.
"""

import importlib.util
import os
import sys
from datetime import UTC, datetime, timedelta

_SHIFT = timedelta(seconds=float(os.environ["TEST_CLOCK_SHIFT"]))
_CLOCK = "monitor.cli.context"  # holds the one clock that commands hand on


class _Shifts:
    """Loads that module as ever and then sets its clock."""

    def find_spec(self, name, path=None, target=None):
        if name != _CLOCK:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.now = lambda: datetime.now(UTC) + _SHIFT

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Shifts())
