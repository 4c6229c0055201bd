"""What looking ahead costs on the policy page, at 1,000 and at 100,000 stored scores.

    python -m tests.servers postgresql -- python -m benchmarks.policy [--scores 100000] [--rounds 60]

Server time, measured round Django's test client on a fresh PostgreSQL (a SQLite file without ``DATABASE_URL``): the
fragment that the page asks for while a slider moves, a different threshold each time. The exit code is 1 if a promise
is broken: p95 at most 300 ms, at most 1.5 times that of 1,000 scores, and the page's numbers those of the rows.
"""

from __future__ import annotations

import os
import sys
import tempfile

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="brushmark-bench-"))
    django.setup()

    from benchmarks.policy_run import main

    sys.exit(main())
