"""python -m poise: the program."""

from __future__ import annotations

import sys

from . import _poise


def main() -> int:
    sys.stdout.flush()
    return _poise.run_program(["poise", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
