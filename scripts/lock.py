"""Writes requirements.txt and requirements-dev.txt from pyproject.toml: every version pinned, every file hashed, any platform."""

import shutil
import subprocess
import sys

COMMON = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-emit-index-url", "--quiet")
LOCKS = (
    ("pyproject.toml", "-o", "requirements.txt"),
    ("--group", "dev", "-c", "requirements.txt", "-o", "requirements-dev.txt"),
)


def main() -> int:
    uv = shutil.which("uv")
    if uv is None:
        print(
            "make lock needs uv, which finds one set of versions for all platforms. Install it: pip install uv", file=sys.stderr
        )
        return 1
    for lock in LOCKS:
        subprocess.run([uv, "pip", "compile", *COMMON, *lock, *sys.argv[1:]], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
