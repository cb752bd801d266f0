"""boto3, told how patient to be, and its errors in Textor's words. Imported on use: boto3 takes 0.3 s and 40 MB."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from textor.domain.storage_places import Bucket
from textor.errors import NotFound, Unavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2
ANSWER_SECONDS = 4
TRANSFER_SECONDS = 60
"""For writing: a store may think about the last part of a large file for long."""
ATTEMPTS = 2  # in all: a user waits
CONNECTIONS = 32  # a web process has 16 threads, an upload uses four
PART_BYTES = 8 * 1024 * 1024  # Amazon takes 10,000 parts, of 5 MB or more each

UPLOADS = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)

GONE = "There is no such file."
AWAY = "The store for recordings does not answer. Try again in a moment."
REFUSED = "The store for recordings refuses Textor's keys or has no such bucket. Tell the operator."


class Connection:
    """The clients of one process: made on first use, and only one of each, since making them is not safe in threads."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._lock = Lock()
        self._session = Session()
        self._clients: dict[int, Any] = {}

    def asking(self) -> Any:
        """For what is answered at once or not at all."""
        return self._client(ANSWER_SECONDS)

    def writing(self) -> Any:
        """For large files on their way to the store."""
        return self._client(TRANSFER_SECONDS)

    def _client(self, seconds: int) -> Any:
        with self._lock:
            if seconds not in self._clients:
                self._clients[seconds] = self._session.client("s3", **_options(self._bucket, seconds))
            return self._clients[seconds]


@contextmanager
def told() -> Iterator[None]:
    """What boto3 raises, as NotFound and Unavailable. Its own words name hosts and keys: they end here."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error) from None
    except (BotoCoreError, Boto3Error) as error:
        log.warning("the store for recordings failed: %s", type(error).__name__)
        raise Unavailable(AWAY) from None


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer that boto3 takes for an error."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _of_answer(error: ClientError) -> NotFound | Unavailable:
    code, status = str(error.response.get("Error", {}).get("Code", "")), status_of(error)
    if status == 404 and code != "NoSuchBucket":
        return NotFound(GONE)
    log.warning("the store for recordings answered %s (%s)", status, code)
    return Unavailable(REFUSED if status in {401, 403, 404} else AWAY)


def _options(bucket: Bucket, seconds: int) -> dict[str, Any]:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        signature_version="s3v4",
        s3={"addressing_style": "path" if bucket.endpoint_url else "virtual"},
        # Checksums in trailers are Amazon's alone; many other stores refuse them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        ignore_configured_endpoint_urls=True,
    )
    return {
        "region_name": bucket.signing_region,
        "endpoint_url": bucket.endpoint_url or None,
        "aws_access_key_id": bucket.key_id,
        "aws_secret_access_key": bucket.secret,
        "config": config,
    }
