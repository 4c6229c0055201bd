"""How often one person, or one address, may try: counted in the shared cache, so by all web processes together.

A window of fixed length has a counter; it ends by itself. A cache that does not answer throttles nobody: uploads and
sign-ins go on without it, as they do without the broker.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most ``limit`` tries of one ``key`` in each window of ``seconds``."""

    name: str
    limit: int
    seconds: int

    def hit(self, key: object) -> int:
        """Count one try. Return 0 when it is within the limit, else the seconds until the window ends."""
        return self._left(key, self._count(key, 1))

    def wait(self, key: object) -> int:
        """Return 0 while another try is within the limit, else the seconds until the window ends. Counts nothing."""
        return self._left(key, self._count(key, 0) + 1)

    def _left(self, key: object, tries: int) -> int:
        return 0 if tries <= self.limit else max(1, self.seconds - int(time.time()) % self.seconds)

    def _count(self, key: object, step: int) -> int:
        # Hashed: names and addresses of people do not stand in the cache, and no key is too long for it.
        digest = hashlib.sha256(str(key).encode()).hexdigest()[:32]
        slot = f"throttle:{self.name}:{int(time.time()) // self.seconds}:{digest}"
        try:
            if not step:
                return int(cache.get(slot, 0))
            cache.add(slot, 0, timeout=self.seconds)
            return int(cache.incr(slot, step))
        except ValueError:
            return step  # the window ended between the two
        except (RedisError, OSError) as error:
            logger.warning("The shared cache does not answer (%s): nobody is throttled.", error)
            return 0


BY_NAME_AND_ADDRESS = Throttle("sign-in", limit=10, seconds=15 * 60)
BY_NAME = Throttle("sign-in-name", limit=100, seconds=15 * 60)
BY_ADDRESS = Throttle("sign-in-address", limit=100, seconds=15 * 60)
"""Failed sign-ins. A name alone is throttled late: else whoever knows it could keep its owner out."""


def uploads() -> Throttle:
    """Return the throttle of pictures that one artist sends."""
    return Throttle("uploads", limit=settings.UPLOADS_PER_HOUR, seconds=60 * 60)


def address_of(request: HttpRequest | None) -> str:
    """Return the visitor's address; behind ``TRUSTED_PROXIES`` proxies, the one that the outermost of them saw."""
    if request is None:
        return ""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        return hops[-settings.TRUSTED_PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


class SignInThrottle:
    """Stands before the other backends and answers for them after too many failures, on whatever page one signs in.

    It knows no users and gives no permissions, so it has none of a backend's other methods.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Pass (``None``), or raise ``PermissionDenied``; ``request.sign_in_wait`` then says for how many seconds."""
        wait = max(throttle.wait(key) for throttle, key in _tries(request, credentials))
        if wait:
            if request is not None:
                request.sign_in_wait = wait  # type: ignore[attr-defined]
            raise PermissionDenied


@receiver(user_login_failed, dispatch_uid="marketplace:throttle")
def count_failure(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Count a failed sign-in."""
    for throttle, key in _tries(request, credentials):
        throttle.hit(key)


def _tries(request: HttpRequest | None, credentials: dict[str, Any]) -> list[tuple[Throttle, str]]:
    name, address = str(credentials.get("username", "")).casefold(), address_of(request)
    return [(BY_NAME_AND_ADDRESS, f"{name}\n{address}"), (BY_NAME, name), (BY_ADDRESS, address)]
