"""Django's STORAGES out of the environment: static files, and where snapshots are kept for good."""

from pathlib import Path
from typing import Any

from config.env import env, env_bool

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 30, 3
IN_MEMORY = 8 << 20  # bytes of a download before it goes to the disk


def static_store() -> dict[str, Any]:
    """Hashed names, so that the web server (granian serves STATIC_ROOT itself) may let browsers keep them."""
    name = "ManifestStaticFilesStorage" if env_bool("PARE_STATIC_MANIFEST", True) else "StaticFilesStorage"
    return {"BACKEND": f"django.contrib.staticfiles.storage.{name}"}


def snapshot_store(folder: Path) -> dict[str, Any]:
    """A bucket when PARE_S3_BUCKET names one, else a folder. Both replace a file of the same name."""
    bucket = env("PARE_S3_BUCKET")
    if not bucket:
        options = {"location": env("PARE_SNAPSHOTS", str(folder)), "allow_overwrite": True}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _bucket(bucket)}


def _bucket(name: str) -> dict[str, Any]:
    from botocore.config import Config  # only where there is a bucket: it takes a while to load

    return {
        "bucket_name": name,
        "location": env("PARE_S3_PREFIX"),
        "endpoint_url": env("PARE_S3_ENDPOINT") or None,
        "region_name": env("PARE_S3_REGION") or None,
        "access_key": env("AWS_ACCESS_KEY_ID") or None,
        "secret_key": env("AWS_SECRET_ACCESS_KEY") or None,
        "file_overwrite": True,
        "max_memory_size": IN_MEMORY,
        "client_config": Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            # Stores other than Amazon's refuse the checksums that newer clients add to every upload.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }
