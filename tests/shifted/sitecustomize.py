"""Sets the clock of the commands of a test."""

import shifted_clock  # noqa: F401
