"""The house's laws that no tool can say: each takes a source and names what breaks the law in it. See test_floors."""

import ast
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]

LONGEST_FUNCTION, LONGEST_FILE, LONGEST_VIEW, MOST_PARAMETERS, DEEPEST = 60, 300, 8, 6, 3

READS_ENVIRONMENT = {"textor/settings.py"}
CATCHES_BROADLY = {"textor/jobs.py", "textor/features/health.py"}
SLEEPS = {
    "textor/embedded_redis.py",  # waits for a server that tells nobody when it is ready
    "textor/features/transcription/waiting.py",  # a request whose answer is what a worker makes
    "textor/features/transcription/direct.py",  # the command line waits in its own process, for itself
}
PRINTS = {"textor/cli.py", "textor/supervisor.py"}
SAYS_SERVICE = {"textor/api/service.py", "textor/api/schemas/service.py"}  # the house's own name for that room

FORBIDDEN_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "service", "core"}
VERBS = {"get", "post", "put", "patch", "delete", "route"}
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.TryStar, ast.Match, ast.AsyncFor, ast.AsyncWith)
NOT_ON_PAPER = {
    "asyncio",
    "http",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "time",
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv"}
TELLS_TIME = {"now", "today", "utcnow"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A Python file; `path` is relative to the project, with slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


Law = Callable[[Source], Iterator[str]]


def sources(*folders: str) -> list[Source]:
    """All Python files below these folders (or files) of the project."""
    paths = chain.from_iterable((ROOT / one).rglob("*.py") if (ROOT / one).is_dir() else [ROOT / one] for one in folders)
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(paths)]


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring and without functions inside, which count for themselves."""
    inner = [node for node in ast.walk(function) if isinstance(node, Function) and node is not function]
    docstring = function.body[0] if ast.get_docstring(function) else None
    lines = set(_lines(function)).difference(*map(_lines, inner), _lines(docstring) if docstring else ())
    return len(lines)


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def body_length(function: Function) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def small(source: Source) -> Iterator[str]:
    if (lines := source.text.count("\n")) > LONGEST_FILE:
        yield f"{source.path} has {lines} lines"
    for function in source.functions:
        arguments = function.args
        names = [
            one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if one.arg not in {"self", "cls"}
        ]
        if length(function) > LONGEST_FUNCTION:
            yield f"{source.path}:{function.lineno} {function.name} has {length(function)} lines"
        if len(names) > MOST_PARAMETERS:
            yield f"{source.path}:{function.lineno} {function.name} takes {len(names)} parameters"
        if (depth := _depth(function)) > DEEPEST:
            yield f"{source.path}:{function.lineno} {function.name} nests {depth} deep"


def _depth(node: ast.AST) -> int:
    return max((_depth(child) + _deepens(node, child) for child in ast.iter_child_nodes(node)), default=0)


def _deepens(parent: ast.AST, child: ast.AST) -> bool:
    is_elif = isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]
    return isinstance(child, BLOCKS) and not is_elif


def views_declare(source: Source) -> Iterator[str]:
    for function in source.functions:
        called = [one.func for one in function.decorator_list if isinstance(one, ast.Call)]
        is_view = any(isinstance(one, ast.Attribute) and one.attr in VERBS for one in called)
        if is_view and body_length(function) > LONGEST_VIEW:
            yield f"{source.path}:{function.lineno} the view {function.name} has {body_length(function)} lines"


def well_named(source: Source) -> Iterator[str]:
    defined = [n.name for n in ast.walk(source.tree) if isinstance(n, Function | ast.ClassDef)]
    for name in (*Path(source.path).with_suffix("").parts, *defined):
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
        if words & FORBIDDEN_WORDS and source.path not in SAYS_SERVICE:
            yield f"{source.path}: {name} says nothing"


def reads_no_environment(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        names = {ast.unparse(node)} if isinstance(node, ast.Attribute) else set()
        names |= (
            {f"os.{alias.name}" for alias in node.names} if isinstance(node, ast.ImportFrom) and node.module == "os" else set()
        )
        if names & ENVIRONMENT and source.path not in READS_ENVIRONMENT:
            yield f"{source.path} reads the environment; settings.py does that"


def catches_narrowly(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or source.path in CATCHES_BROADLY:
            continue
        caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"Exception"}
        passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if caught & {"Exception", "BaseException"} and not passes_on:
            yield f"{source.path}:{node.lineno} catches everything"


def calls_nothing_forbidden(source: Source) -> Iterator[str]:
    for node in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        called = ast.unparse(node.func)
        if called in {"time.sleep", "sleep"} and source.path not in SLEEPS:
            yield f"{source.path}:{node.lineno} sleeps"
        if called == "print" and source.path not in PRINTS:
            yield f"{source.path}:{node.lineno} prints"


def excuses_itself(source: Source) -> Iterator[str]:
    """A silenced tool: which rule, and why."""
    for token in _comments(source.text):
        if "noqa" in token.string and not re.search(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \w", token.string):
            yield f"{source.path}:{token.start[0]} # noqa needs a rule and a reason: # noqa: RULE - reason"
        if "type: ignore" in token.string and not re.search(r"# type: ignore\[[\w, -]+\]  # \w", token.string):
            yield f"{source.path}:{token.start[0]} # type: ignore needs a code and a reason: # type: ignore[code]  # reason"


def is_true_on_paper(source: Source) -> Iterator[str]:
    """The domain: nothing but plain Python, no I/O, no clock."""
    for module in _imported(source.tree):
        is_plain = module.split(".")[0] in sys.stdlib_module_names - NOT_ON_PAPER
        if not is_plain and not module.startswith("textor.domain"):
            yield f"{source.path} imports {module}"
    for node in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        name = ast.unparse(node.func).split(".")[-1]
        if name in TELLS_TIME | {"open"}:
            yield f"{source.path}:{node.lineno} calls {name}"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


def explains_itself(source: Source) -> Iterator[str]:
    """What a door calls, and what a port promises, has a docstring."""
    is_port = source.path.endswith("/port.py")
    owners: list[ast.Module | ast.ClassDef] = [
        source.tree,
        *(n for n in source.tree.body if is_port and isinstance(n, ast.ClassDef)),
    ]
    for node in chain.from_iterable(owner.body for owner in owners):
        if isinstance(node, Function) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{source.path}:{node.lineno} {node.name} has no docstring"


def fakes_at_ports(source: Source) -> Iterator[str]:
    """Tests put fakes at ports; they don't patch modules."""
    if {"mock", "unittest.mock", "pytest_mock"} & set(_imported(source.tree)):
        yield f"{source.path} imports mock"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"monkeypatch.setattr", "mocker.patch"}:
            yield f"{source.path}:{node.lineno} patches"


def comment_share(texts: Sequence[str]) -> float:
    """Lines in 100 that say why: comments, notes under a field, docstrings of private functions (nobody asks for those)."""
    lines = sum(bool(line.strip()) for text in texts for line in text.splitlines())
    comments = sum(1 for text in texts for token in _comments(text) if not re.search(r"noqa|type: ignore", token.string))
    notes = sum(len(_lines(note)) for text in texts for owner in ast.walk(ast.parse(text)) for note in _notes(owner))
    return 100 * (comments + notes) / max(lines, 1)


def _notes(owner: ast.AST) -> Iterator[ast.stmt]:
    body = getattr(owner, "body", [])
    is_private = isinstance(owner, Function) and owner.name.startswith("_")
    for place, node in enumerate(body if isinstance(body, list) else []):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if is_text and (place > 0 or is_private):
            yield node


def _comments(text: str) -> Iterator[tokenize.TokenInfo]:
    return (token for token in tokenize.generate_tokens(StringIO(text).readline) if token.type == tokenize.COMMENT)
