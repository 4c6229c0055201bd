"""Inkpress: a print-on-demand shop that installs the plugin through its documented means only.

What differs from the example site: members sign in by address and have UUID keys; a design has two artwork fields and
a UUID key; pictures lie in a storage without paths; the base template has other blocks; the desk hangs under another
address; no admin, no content policy, no WhiteNoise.
"""

from tests.hosts.inkpress.celery import app as celery_app

__all__ = ["celery_app"]
