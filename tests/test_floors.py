"""The laws of the house that import-linter, ruff and mypy can't say. Every law is shown a sample that breaks it, too."""

import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import laws
from tests.conftest import missing
from tests.laws import ROOT, Law, Source, sources
from textor.adapters import discovery

LONGEST_TEMPLATE = 200
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(?:work|root|Users/\w+|home/(?!textor\b)\w+)/")
INDEX = re.compile(
    r"--(?:extra-)?index-url|--trusted-host|--find-links|pythonhosted\.org|/simple/|artifactory|devpi|nexus", re.IGNORECASE
)
PLACES: dict[Law, list[str]] = {  # what each law is for
    laws.small: ["textor", "tests", "scripts", "wsgi.py", "worker.py"],
    laws.excuses_itself: ["textor", "tests", "scripts", "migrations"],
    laws.well_named: ["textor", "scripts"],
    laws.views_declare: ["textor/web", "textor/api"],
    laws.reads_no_environment: ["textor"],
    laws.catches_narrowly: ["textor"],
    laws.calls_nothing_forbidden: ["textor"],
    laws.is_true_on_paper: ["textor/domain"],
    laws.explains_itself: [
        "textor/features",
        *(f"textor/adapters/{rack}/port.py" for rack in ("exports", "storage", "stt", "text_models")),
    ],
    laws.fakes_at_ports: ["tests"],
}
BROKEN = [
    (laws.small, "x = 1\n" * 301),
    (laws.small, "def long():\n" + "    x = 1\n" * 60),
    (laws.small, "def wide(a, b, c, d, e, f, *, g): ..."),
    (laws.small, "def deep():\n if a:\n  for b in c:\n   with d:\n    while e: pass"),
    (laws.excuses_itself, "x = 1  # no" + "qa"),
    (laws.excuses_itself, "x = 1  # no" + "qa: S101"),
    (laws.excuses_itself, "x = 1  # type" + ": ignore[misc]"),
    (laws.well_named, "class RowManager: ..."),
    (laws.well_named, "def get_utils(): ..."),
    (laws.views_declare, "@pages.get('/')\ndef show():\n" + "    x = 1\n" * 9),
    (laws.reads_no_environment, "import os\nhome = os.environ['HOME']"),
    (laws.reads_no_environment, "from os import getenv"),
    (laws.catches_narrowly, "try: ...\nexcept (OSError, Exception): ..."),
    (laws.catches_narrowly, "try: ...\nexcept: ..."),
    (laws.calls_nothing_forbidden, "import time\ntime.sleep(1)"),
    (laws.calls_nothing_forbidden, "print('here')"),
    (laws.is_true_on_paper, "import numpy"),
    (laws.is_true_on_paper, "from datetime import datetime\ndatetime.now()"),
    (laws.is_true_on_paper, "open('file')"),
    (laws.explains_itself, "def accept(tools): ..."),
    (laws.fakes_at_ports, "from unittest.mock import patch"),
    (laws.fakes_at_ports, "monkeypatch.setattr(module, 'now', None)"),
]
SOUND = '''"""A module."""


def accept(text: str) -> str:
    """Say what it is."""
    if text:
        return "some"
    elif len(text) > 3:
        return "more"
    return "none"  # type: ignore[misc]  # the sample's own reason
'''


@pytest.mark.parametrize("law", PLACES, ids=lambda law: law.__name__)
def test_the_law_is_kept(law: Law) -> None:
    places = [place for place in PLACES[law] if (ROOT / place).exists()]
    assert [fault for source in sources(*places) for fault in law(source)] == []


@pytest.mark.parametrize(("law", "text"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_the_law_sees_what_breaks_it(law: Law, text: str) -> None:
    assert list(law(Source("textor/sample.py", text)))


@pytest.mark.parametrize("law", PLACES, ids=lambda law: law.__name__)
def test_the_law_lets_sound_code_pass(law: Law) -> None:
    assert list(law(Source("textor/sample.py", SOUND))) == []


def test_functions_are_short() -> None:
    lengths = sorted(laws.length(function) for source in sources("textor") for function in source.functions)
    assert statistics.median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.95)] <= 40


def test_a_functions_length_leaves_out_its_docstring_and_the_functions_inside() -> None:
    text = 'def outer():\n    """Two\n    lines."""\n    def inner():\n        return 1\n    return inner\n'
    assert [laws.length(function) for function in Source("sample.py", text).functions] == [2, 2]


def test_comments_are_few_and_there() -> None:
    assert 3 <= laws.comment_share([source.text for source in sources("textor")]) <= 8
    packages = [path for path in (ROOT / "textor").iterdir() if (path / "__init__.py").exists()]
    shares = {path.name: laws.comment_share([s.text for s in sources(f"textor/{path.name}")]) for path in packages}
    assert {name: share for name, share in shares.items() if share > 8} == {}


def test_the_share_of_comments_counts_what_says_why() -> None:
    text = '# why\nx = 1\n"""a note"""\ndef _private():\n    """why"""\ndef public():\n    """what"""\n'
    assert laws.comment_share([text]) == pytest.approx(100 * 3 / 7)


def test_templates_are_short() -> None:
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "textor/templates").rglob("*.html")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_TEMPLATE} == {}


def test_wsgi_makes_the_app_and_nothing_else() -> None:
    assert (ROOT / "wsgi.py").read_text(encoding="utf-8").splitlines()[2:] == [
        "from textor.app import serve",
        "",
        "app = serve()",
    ]


def test_every_engine_and_format_has_its_own_test() -> None:
    kinds = [*discovery.engines(), *discovery.export_formats()]
    modules = {kind.__module__.split(".", 1)[1] for kind in kinds if kind.__module__.startswith("textor.")}
    wanted = {Path("tests", *parts[:-1], f"test_{parts[-1]}.py") for parts in (module.split(".") for module in modules)}
    assert wanted
    assert {path.as_posix() for path in wanted if not (ROOT / path).exists()} == set()


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every tracked text file."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        missing("a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content:
            yield name, content.decode("utf-8", "replace")


def test_no_file_tells_of_a_developers_machine() -> None:
    assert [f"{name}: {found[0]}" for name, text in tracked() if (found := MACHINE_PATH.search(text))] == []


def test_no_lock_file_names_a_package_index() -> None:
    locks = [(name, text) for name, text in tracked() if name.startswith("requirements") or name.endswith((".lock", ".toml"))]
    assert [f"{name}: {found[0]}" for name, text in locks if (found := INDEX.search(text))] == []


@pytest.mark.parametrize(
    ("pattern", "text", "is_seen"),
    [
        (MACHINE_PATH, "see /" + "work/main/x", True),
        (MACHINE_PATH, "HOME=/" + "home/alice/x", True),
        (MACHINE_PATH, "https://textor.example/" + "work/1", False),
        (INDEX, "--index-url https://packages.example/simple", True),
        (INDEX, "flask==3.1.2 --hash=sha256:0", False),
    ],
)
def test_traces_of_a_machine_are_seen(pattern: re.Pattern[str], text: str, is_seen: bool) -> None:
    assert bool(pattern.search(text)) is is_seen
