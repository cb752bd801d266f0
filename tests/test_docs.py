"""The laws of papers: what README and docs/ say is so, and nothing is left out."""

import re
import runpy
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from tests.laws import ROOT
from textor.settings import Settings

LONGEST_README, LONGEST_DECISION = 150, 30
COMMANDS = ("make run", "make test")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)")
VARIABLE = re.compile(r"^\|\s*`([A-Z][A-Z0-9_]*)`", re.MULTILINE)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def papers() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def dangling(paper: Path, content: str) -> Iterator[str]:
    """Links of a paper to files or headings that aren't there."""
    for link in (link for link in LINK.findall(content) if not re.match(r"[a-z]+:", link)):
        target, _, heading = link.partition("#")
        file = paper.parent / target
        if target and not file.exists():
            yield f"{paper.name}: {link}"
        elif heading and heading not in anchors(file.read_text(encoding="utf-8") if target else content):
            yield f"{paper.name}: {link} has no such heading"


def anchors(content: str) -> set[str]:
    """The headings, as the places that links jump to."""
    headings = re.findall(r"^#+\s+(.*)$", content, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def rows(content: str) -> set[str]:
    """The variables that a table has a row for."""
    return set(VARIABLE.findall(content))


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, re.MULTILINE))


def test_every_setting_has_its_row_and_every_row_its_setting() -> None:
    variables = {name for spec in fields(Settings) for name in (spec.metadata["variable"], spec.metadata["also"]) if name}
    assert rows(text("docs/settings.md")) == variables


def test_every_folder_has_its_line_in_the_architecture() -> None:
    folders = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "textor").rglob("__init__.py")}
    said = text("docs/architecture.md")
    assert {folder for folder in folders if f"`{folder}/`" not in said} == set()


def test_every_folder_of_the_architecture_is_there() -> None:
    named = re.findall(r"`((?:textor|tests|docs|migrations|scripts)/[\w/]*/?)`", text("docs/architecture.md"))
    assert named
    assert {name for name in named if not (ROOT / name).is_dir()} == set()


def test_the_readme_names_the_two_commands_and_is_short() -> None:
    readme = text("README.md")
    assert all(command in readme for command in COMMANDS)
    assert len(readme.splitlines()) <= LONGEST_README


def test_every_make_target_that_a_paper_names_exists() -> None:
    named = {word for paper in papers() for word in re.findall(r"`make ([a-z][\w-]*)", paper.read_text(encoding="utf-8"))}
    assert named <= targets(text("Makefile"))


def test_every_link_of_a_paper_leads_somewhere() -> None:
    assert [fault for paper in papers() for fault in dangling(paper, paper.read_text(encoding="utf-8"))] == []


def test_decisions_are_short_and_numbered_without_a_gap() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04d}" for number in range(1, len(decisions) + 1)]
    assert {path.name for path in decisions if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_DECISION} == set()


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\b", text("CHANGELOG.md"), re.MULTILINE)


def test_the_laws_see_papers_that_break_them() -> None:
    content = "# Some words\n[a](nowhere.md) [b](#some-words) [c](#others) [d](https://textor.example/x) ![e](<pyproject.toml>)"
    paper = ROOT / "README.md"
    assert list(dangling(paper, content)) == ["README.md: nowhere.md", "README.md: #others has no such heading"]
    assert rows("| `PORT` | 8000 |\n|`HOST`|\nand `NOT_THIS`") == {"PORT", "HOST"}
    assert targets("run: x\n\tmake\nNAME := 1\nvalue:=2\n.PHONY: run\n") == {"run"}


def test_what_is_said_of_engines_is_what_they_declare() -> None:
    """`make engine-table` writes it anew."""
    written = runpy.run_path(str(ROOT / "scripts" / "engine_table.py"))["paper"]
    assert text("docs/engines.md") == written()
