"""Hostile files: each is read or refused in a clear sentence, within time and memory that the kernel bounds."""

from __future__ import annotations

import os
import resource
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.forms import PictureField
from moderation import limits
from moderation.evidence.looking import FileProblem, look_at
from tests.corpus import corpus

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY_MB = 1200
SECONDS = 20


def in_a_child(work: Callable[[], bytes]) -> tuple[int, bytes]:
    """Run ``work`` in a process of its own; return its exit status (negative: the signal) and what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            os.write(writing, work())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told


@pytest.fixture
def tight(settings: Any) -> None:
    """One second and some memory for a look."""
    settings.MODERATION = {**settings.MODERATION, "LOOK_SECONDS": 1, "LOOK_MEMORY_MB": 64}


@pytest.mark.django_db
def test_every_file_of_the_corpus_is_read_or_refused_in_a_clear_sentence_within_bounds(settings: Any) -> None:
    settings.MODERATION = {**settings.MODERATION, "LOOK_SECONDS": SECONDS, "LOOK_MEMORY_MB": MEMORY_MB}
    wrong, slow = [], []
    for name, data, expected in corpus():
        started = time.process_time()
        with limits.one_look():
            try:
                look_at(data)
                outcome = "read"
            except FileProblem as problem:
                outcome = problem.code
                if not str(problem).endswith("."):
                    wrong.append((name, "no sentence", str(problem)))
        taken = time.process_time() - started
        if outcome not in expected.split("|"):
            wrong.append((name, outcome, expected))
        if taken > SECONDS / 2:
            slow.append((name, taken))
    assert wrong == []
    assert slow == []


def test_the_artist_is_told_at_once_and_clearly() -> None:
    wrong = []
    for name, data, expected in corpus():
        started = time.process_time()
        try:
            PictureField(max_length=200).clean(SimpleUploadedFile(name, data))
            told = "read"
        except ValidationError as error:
            told = error.messages[0]
            if not (told.endswith(".") and error.code):
                wrong.append((name, told))
        if told != "read" and expected == "read":
            wrong.append((name, told))
        if time.process_time() - started > 5:
            wrong.append((name, "slow"))
    assert wrong == []


def test_a_look_that_takes_too_long_ends_its_process(tight: None) -> None:
    def spin() -> bytes:
        with limits.one_look():
            while True:
                pass

    status, _told = in_a_child(spin)
    assert status == -signal.SIGXCPU


def test_a_look_that_wants_too_much_memory_is_refused_it(tight: None) -> None:
    def fill() -> bytes:
        with limits.one_look():
            try:
                bytearray(256 * 1024 * 1024)
            except MemoryError:
                pass
            else:
                return b"given"
        bytearray(256 * 1024 * 1024)  # only the look was bounded
        return b"refused, then given"

    assert in_a_child(fill) == (0, b"refused, then given")


def test_the_limits_end_with_the_look(tight: None) -> None:
    before = [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
    with limits.one_look():
        assert [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)] != before
    assert [resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU)] == before
