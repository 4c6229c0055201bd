"""Where a bucket's signed links lead, for the page's Content-Security-Policy."""

from __future__ import annotations

from urllib.parse import urlsplit


def bucket_origins(bucket: str, endpoint: str = "", region: str = "") -> list[str]:
    """Return the origins that pictures of ``bucket`` come from; none without a bucket.

    S3 clients address a bucket by host (``https://bucket.host``) or by path (``https://host/bucket``), depending on
    its name and the endpoint: both are named.
    """
    if not bucket:
        return []
    if endpoint:
        parts = urlsplit(endpoint)
        return [f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{bucket}.{parts.netloc}"]
    hosts = ["s3.amazonaws.com", *([f"s3.{region}.amazonaws.com"] if region else [])]
    return [f"https://{bucket}.{host}" for host in hosts]
