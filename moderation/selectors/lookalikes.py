"""Earlier artworks that look like a given picture: a neighbourhood search by indexed bands of the hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BooleanField, Func, QuerySet, Value

from moderation.evidence.perceptual import PHASH_DISTANCE, Hashes, distance
from moderation.models.fingerprint import BANDS, Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class _IsNear(Func):
    """Whether a stored hash is within ``PHASH_DISTANCE`` bits of a given one.

    PostgreSQL counts the differing bits itself; elsewhere every candidate is let through and Python counts.
    """

    output_field = BooleanField()

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        return "1 = 1", ()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        stored, given = self.get_source_expressions()
        left, left_values = compiler.compile(stored)
        right, right_values = compiler.compile(given)
        # In brackets: the least bigint is written as minus one that is out of range, and :: binds before the minus.
        sql = f"BIT_COUNT(({left} # ({right})::bigint)::bit(64)) <= {PHASH_DISTANCE}"
        return sql, (*left_values, *right_values)


def lookalikes(hashes: Hashes, *, before: int, limit: int = 20) -> list[int]:
    """Return the ids of artworks recorded before the artwork ``before`` that resemble ``hashes``, nearest first."""
    found = {}
    for artwork_id, phash, dhash in _candidates(hashes, before=before):
        if distance(hashes.phash, phash) > PHASH_DISTANCE:
            continue  # nearly all of them, where the database did not count: no object is made for these
        other = Hashes(phash, dhash)
        if hashes.resembles(other):
            found[artwork_id] = hashes.distance_to(other)
    return sorted(found, key=lambda artwork_id: (found[artwork_id], artwork_id))[:limit]


def _candidates(hashes: Hashes, *, before: int) -> Iterable[tuple[int, int, int]]:
    parts = [_band(hashes, number, before) for number in range(len(BANDS))]
    return parts[0].union(*parts[1:])


def _band(hashes: Hashes, number: int, before: int) -> QuerySet[Fingerprint, tuple[int, int, int]]:
    """Return the rows that share one part of the hash, or that part with one bit flipped."""
    low, width = BANDS[number]
    part = hashes.phash >> low & (1 << width) - 1
    near = [part, *(part ^ 1 << bit for bit in range(width))]
    return (
        Fingerprint.objects.filter(
            _IsNear("phash", Value(hashes.phash)), artwork_id__lt=before, **{f"band{number}__in": near}
        )
        .order_by()
        .values_list("artwork_id", "phash", "dhash")
    )
