"""``python -m marketplace.demo``, which ``make demo`` calls."""

from __future__ import annotations

import sys

from marketplace.demo.launcher import main

if __name__ == "__main__":
    sys.exit(main())
