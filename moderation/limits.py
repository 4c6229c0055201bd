"""What one look may take of the machine: processor time and memory, held by the kernel and not by our own care.

A decoder that loops inside a library cannot be stopped by an exception; the kernel ends its process (SIGXCPU). The
picture's attempt was counted before, so that it ends before a person after ``MAX_ATTEMPTS``. Memory that is refused is
a ``MemoryError``, or the end of the process where a library does not expect it.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from moderation.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_look() -> Iterator[None]:
    """Bound the block by ``LOOK_SECONDS`` of processor time and by ``LOOK_MEMORY_MB`` more than the process has now.

    The limits are the process's, so they are set only where one look runs at a time: in the main thread, as in
    Celery's prefork and solo pools. On other systems than Linux there are none.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    import resource

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    used = resource.getrusage(resource.RUSAGE_SELF)
    wanted = {
        resource.RLIMIT_AS: mapped + settings.LOOK_MEMORY_MB * 1024 * 1024,
        resource.RLIMIT_CPU: math.ceil(used.ru_utime + used.ru_stime) + settings.LOOK_SECONDS,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, limit in wanted.items():
        soft, hard = before[kind]
        stricter = [limit, *(value for value in (soft, hard) if value != resource.RLIM_INFINITY)]
        resource.setrlimit(kind, (min(stricter), hard))
    try:
        yield
    finally:
        for kind, limits in before.items():
            resource.setrlimit(kind, limits)
