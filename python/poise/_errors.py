"""Errors of the library. Each is also the Python exception that such a fault usually is."""

from __future__ import annotations


class PoiseError(Exception):
    """Whatever Poise refuses: one line that names the thing and says what to do."""


class InvalidArgument(PoiseError, ValueError):
    """What was asked for makes no sense."""


class NotFound(PoiseError, FileNotFoundError):
    """There is no such file, name or preset."""


class Malformed(PoiseError, ValueError):
    """Bytes that are not what they claim to be."""


class Unsupported(PoiseError, NotImplementedError):
    """Well-formed, but Poise does not do it, or this build cannot."""


class TooLarge(PoiseError, ValueError):
    """Over a limit on sizes."""


class IoError(PoiseError, OSError):
    """The operating system refused to read or write."""


# By the number of the library's ErrorCode (base/result.h).
BY_CODE = (InvalidArgument, NotFound, Malformed, Unsupported, TooLarge, IoError)

for _error in (PoiseError, *BY_CODE):
    _error.__module__ = "poise"  # where its users find it
