"""The example site: artists, their listings, and how a host uses the ``moderation`` app.

The Celery app is imported here so that ``@shared_task`` finds it in every process that loads the site.
"""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
