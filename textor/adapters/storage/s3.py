"""Recordings in a bucket of Amazon S3 or of a store that speaks its language, for machines that share no disk."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from textor.adapters.storage.copies import Copies
from textor.adapters.storage.port import Storage, StoredFile
from textor.domain.storage_places import Bucket
from textor.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from textor.adapters.storage.s3_client import Connection

BLOCK_BYTES = 256 * 1024
NO_COPY = "The recording could not be fetched from its store: this machine's disk can't be written to."


class S3Storage(Storage):
    """One object per key below the bucket's prefix. `scratch` is the folder for local copies."""

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket = bucket
        self._scratch = scratch
        self._prefix = f"{bucket.prefix}/" if bucket.prefix else ""
        # By process: neither connections nor copies outlive a fork.
        self._connections: dict[int, Connection] = {}
        self._copies: dict[int, Copies] = {}

    def put(self, key: str, source: Path) -> None:
        place = self._place(key)
        self._reach()
        with self._told() as store:
            store.writing().upload_file(str(source), **place, Config=_sdk().UPLOADS)
        source.unlink()

    def size(self, key: str) -> int:
        with self._told() as store:
            return int(store.asking().head_object(**self._place(key))["ContentLength"])

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        at = start
        while True:
            began = at
            try:
                for block in self._blocks(key, at, end):
                    at += len(block)
                    yield block
            except Unavailable:
                if at == began:
                    raise
            else:
                return

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        pid = os.getpid()
        copies = self._copies.get(pid) or self._copies.setdefault(pid, Copies(self._scratch))
        with copies.shared(key, lambda path: self._fetch(key, path)) as path:
            yield path

    def delete(self, key: str) -> None:
        with self._told() as store:
            store.asking().delete_object(**self._place(key))

    def check(self) -> None:
        key, content = f"check/{uuid.uuid4()}", b"textor"
        with self._told() as store:
            store.asking().put_object(**self._place(key), Body=content)
        try:
            if b"".join(self.read(key)) != content:
                raise Unavailable("The store for recordings gives back something else than it was given.")
        finally:
            self.delete(key)

    def files(self, prefix: str) -> Iterator[StoredFile]:
        for found in self._listed("list_objects_v2", "Contents", prefix):
            key = found["Key"].removeprefix(self._prefix)
            yield StoredFile(key, int(found["Size"]), found["LastModified"].astimezone(UTC))

    def drop_unfinished(self, prefix: str, before: datetime) -> int:
        old: list[dict[str, Any]] = []
        with suppress(NotFound):  # some stores say so where a bucket has never had an upload in parts
            old += [one for one in self._listed("list_multipart_uploads", "Uploads", prefix) if one["Initiated"] < before]
        for one in old:
            with suppress(NotFound), self._told() as store:  # NotFound: it ended just now
                store.asking().abort_multipart_upload(Bucket=self._bucket.name, Key=one["Key"], UploadId=one["UploadId"])
        return len(old)

    def _reach(self) -> None:
        """A dead store is known in seconds, before the patient client sends a byte."""
        try:
            with self._told() as store:
                store.asking().head_bucket(Bucket=self._bucket.name)
        except NotFound:
            raise Unavailable(_sdk().REFUSED) from None

    def _listed(self, question: str, part: str, prefix: str) -> Iterator[dict[str, Any]]:
        with self._told() as store:
            pages = iter(store.asking().get_paginator(question).paginate(Bucket=self._bucket.name, Prefix=self._prefix + prefix))
        while page := self._next(pages):
            yield from page.get(part, [])

    def _next(self, pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with self._told():
            return next(pages, None)

    def _blocks(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        """One answer of the store, which may break off; nothing where the range lies behind the end."""
        if end is not None and end <= start:
            self.size(key)
            return
        body = self._body(key, f"bytes={start}-{'' if end is None else end - 1}")
        if body is None:
            return
        with closing(body):
            while block := self._block(body):
                yield block

    def _body(self, key: str, wanted: str) -> Any:
        place = self._place(key)
        with self._told() as store:
            client = store.asking()
            try:
                return client.get_object(**place, Range=wanted)["Body"]
            except client.exceptions.ClientError as error:
                if _sdk().status_of(error) == 416:
                    return None
                raise

    def _block(self, body: Any) -> bytes:
        with self._told():
            return bytes(body.read(BLOCK_BYTES))

    def _fetch(self, key: str, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("wb") as file:
                for block in self.read(key):
                    file.write(block)
        except OSError as error:
            raise Unavailable(NO_COPY) from error

    def _place(self, key: str) -> dict[str, str]:
        if key.startswith("/") or ".." in key.split("/"):
            raise NotFound("There is no such file.")
        return {"Bucket": self._bucket.name, "Key": self._prefix + key}

    @contextmanager
    def _told(self) -> Iterator["Connection"]:
        sdk = _sdk()
        with sdk.told():
            pid = os.getpid()
            yield self._connections.get(pid) or self._connections.setdefault(pid, sdk.Connection(self._bucket))


def _sdk() -> ModuleType:
    from textor.adapters.storage import s3_client  # noqa: PLC0415 - boto3 would slow down every start

    return s3_client
