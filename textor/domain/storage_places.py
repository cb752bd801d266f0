"""Where recordings are kept, as an address says it: file:///folder or s3://bucket/prefix?endpoint=https://host&region=name."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

FORM = "must look like s3://bucket, s3://bucket/prefix?endpoint=https://host&region=name or file:///folder"
ENDPOINT_FORM = "must name its server like https://host:port"
BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
REGION_OF_OTHERS = "us-east-1"  # who isn't Amazon ignores the region, but a signature has one


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that every process sees under the same path."""

    path: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3-compatible store, and the keys to it. No `endpoint_url`: Amazon's own in `region`."""

    name: str
    prefix: str = ""
    region: str = ""
    endpoint_url: str = ""
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def signing_region(self) -> str:
        """The region to sign for."""
        return self.region or (REGION_OF_OTHERS if self.endpoint_url else "")


def parse(address: str) -> Folder | Bucket:
    """The place an address names. ValueError, which repeats nothing of the address, where it names none."""
    parts = _split(address, FORM)
    if "@" in parts.netloc:
        raise ValueError("must not hold keys: they belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme == "s3":
        return _bucket(parts)
    raise ValueError(FORM)


def bucket_name(text: str) -> str:
    """The name, or ValueError."""
    if not BUCKET_NAME.fullmatch(text):
        raise ValueError("must be a bucket's name alone")
    return text


def endpoint(url: str) -> str:
    """The address of a server and nothing more, or ValueError."""
    parts = _split(url, ENDPOINT_FORM)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(ENDPOINT_FORM)
    return url


def _split(address: str, form: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:  # its text would repeat the address
        raise ValueError(form) from error
    return parts


def _folder(parts: SplitResult) -> Folder:
    path = unquote(parts.path)
    if parts.netloc or parts.query or parts.fragment or not path.startswith("/") or not path.strip("/"):
        raise ValueError(FORM)
    return Folder(path)


def _bucket(parts: SplitResult) -> Bucket:
    options = parse_qs(parts.query, keep_blank_values=True)
    if not BUCKET_NAME.fullmatch(parts.netloc) or parts.fragment or not set(options) <= {"endpoint", "region"}:
        raise ValueError(FORM)
    server, region = (options.get(name, [""])[-1] for name in ("endpoint", "region"))
    return Bucket(parts.netloc, unquote(parts.path).strip("/"), region, endpoint(server) if server else "")
