"""What the moderators' pages cost, at 100 and at 100,000 cases, and 300 cases decided through the real pages.

    python -m tests.servers postgresql -- python -m benchmarks.queue [--cases 100000] [--replay 300]

Server time, measured round Django's test client on a fresh PostgreSQL (a SQLite file without ``DATABASE_URL``). The
exit code is 1 if a promise is broken: at most 12 queries a page, at most 1.5 times the cost of 100 cases, a decision's
p95 at most 3 times that of a bare page for signed-in people, measured between the decisions of the same run.
"""

from __future__ import annotations

import os
import sys
import tempfile

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="brushmark-bench-"))
    os.environ.setdefault("LOG_LEVEL", "ERROR")  # a line for each event would drown the table
    django.setup()

    from benchmarks.queue_run import main

    sys.exit(main())
