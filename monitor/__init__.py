"""The top floor: why we gather. Matching, stories, digest, commands."""

__version__ = "0.1.0"
