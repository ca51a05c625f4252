"""The habits of the house, held by reading the code itself."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import app.errors
from app.errors import CampusError

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
MADE_HERE = {".git", *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())}
ENGINE_MAKERS = {"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"}
PRESENT = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
PLACE_OF_A_MACHINE = re.compile(rb"/(?:home|root|work|Users|tmp)/[\w.]")
SILENCER = re.compile(r"# (?:noqa|type: ignore)\b(?!.* # )")
MARKER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|pragma: no" + r" cover")

Tree = dict[str, "Tree"]


def test_only_the_database_makes_engines() -> None:
    assert modules_where(lambda tree: bool(names_in(tree) & ENGINE_MAKERS)) == {"database/engines.py"}


def test_the_environment_is_read_where_settings_are_made_and_nowhere_else() -> None:
    named = modules_where(lambda tree: bool(names_in(tree) & {"os.environ", "os.getenv", "os.putenv"}))
    assert named == {
        "settings/environment.py",
        "doctor.py",
        "metrics.py",
        "cli/backup.py",
        "cli/server.py",
        "cli/signing_keys.py",
        "telemetry/switch.py",
    }
    assert not modules_where(lambda tree: "os" in imported_from(tree))


def test_only_the_clock_asks_what_time_it_is() -> None:
    assert modules_where(lambda tree: bool(names_in(tree) & PRESENT)) == {"clock.py"}


def test_tokens_and_passwords_have_one_module_each_that_knows_their_library() -> None:
    assert modules_where(lambda tree: "jose" in imports(tree)) == {"security/access_tokens.py"}
    assert modules_where(lambda tree: "passlib" in imports(tree)) == {"security/passwords.py"}


def test_only_one_module_names_the_media_type_of_problems() -> None:
    def names_it(tree: ast.Module) -> bool:
        return any(
            isinstance(node, ast.Constant) and node.value == "application/problem+json" for node in ast.walk(tree)
        )

    assert modules_where(names_it) == {"problems.py"}


def test_every_module_says_what_it_is_for() -> None:
    assert modules_where(lambda tree: not ast.get_docstring(tree)) == set()


def test_the_tree_that_is_drawn_in_errors_is_the_tree_of_classes() -> None:
    assert drawn_tree(app.errors.__doc__ or "") == {"CampusError": below(CampusError)}


def test_the_picture_of_the_house_shows_every_room_and_no_other() -> None:
    rooms, neighbours = picture_of_the_house()
    assert rooms == {
        f"{path.name}/" if path.is_dir() else path.name
        for path in APP.iterdir()
        if path.name not in {"__init__.py", *MADE_HERE}
    }
    assert {name for name in neighbours if not (ROOT / name).is_dir()} == set()


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    assert {str(file.relative_to(ROOT)) for file in files() if PLACE_OF_A_MACHINE.search(file.read_bytes())} == set()


def test_locks_name_no_address_to_install_from() -> None:
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert [lock.name for lock in locks] == [
        *("bootstrap.lock", "browser.lock", "clients.lock", "dev.lock", "fuzz.lock", "letters.lock", "node.lock"),
        *("pdf.lock", "peer-allauth.lock", "peer-fastapi-users.lock", "run.lock", "strangers.lock", "telemetry.lock"),
        "wapiti.lock",
    ]
    assert [lock.name for lock in locks if "://" in lock.read_text(encoding="utf-8")] == []
    of_node = [file for file in files() if file.name == "package-lock.json"]
    assert [str(lock.parent) for lock in of_node if '"resolved"' in lock.read_text(encoding="utf-8")] == []


def test_whoever_silences_a_checker_says_why() -> None:
    assert lines_like(SILENCER) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_like(MARKER) == []


def modules_where(holds: Callable[[ast.Module], bool]) -> set[str]:
    """Paths below app/ of the modules for which it holds."""
    return {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        if holds(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    }


def names_in(tree: ast.Module) -> set[str]:
    """Names that are used, with one step of their owner: `x`, and `x.y` of `x.y` and `w.x.y`."""
    return {name for node in ast.walk(tree) for name in _names_of(node)}


def _names_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            yield from (name, f"{owner}.{name}")


def imports(tree: ast.Module) -> set[str]:
    """Top-level packages that are imported."""
    return {name.partition(".")[0] for node in ast.walk(tree) for name in _imported_modules(node)}


def imported_from(tree: ast.Module) -> set[str]:
    """Modules of which single names are imported."""
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def _imported_modules(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module)):
            yield module


def drawn_tree(drawing: str) -> Tree:
    """`├── Name` below its parent, four characters a step."""
    tree: Tree = {}
    path: list[Tree] = [tree]
    for stem, name in re.findall(r"^((?:[│ ]   )*(?:[├└]── )?)([A-Z]\w+)(?:  .*)?$", drawing, re.MULTILINE):
        depth = len(stem) // 4
        path[depth + 1 :] = [path[depth].setdefault(name, {})]
    return tree


def below(kind: type[CampusError]) -> Tree:
    """Those of the house; a test may have refusals of its own."""
    children = [child for child in kind.__subclasses__() if child.__module__.startswith("app.")]
    return {child.__name__: below(child) for child in children}


def picture_of_the_house() -> tuple[set[str], set[str]]:
    """The rooms of app/ that README draws, and the folders beside app/."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    picture = readme.split("## The house", 1)[1].split("```")[1]
    drawn = [line for line in picture.splitlines() if line.strip() and line != "app/"]
    inside = [line for line in drawn if line.startswith("  ")]
    rooms = {name for line in inside for name in re.findall(r"(?:^|  )(\w+(?:\.py|/))(?= )", line)}
    return rooms, {name for line in drawn if line not in inside for name in re.findall(r"(\w+/)(?=\s|$)", line)}


def files() -> Iterator[Path]:
    """Every file that is not made by a target of the Makefile."""
    for top in sorted(ROOT.iterdir()):
        for path in [top, *top.rglob("*")] if top.name not in MADE_HERE else []:
            if path.is_file() and not MADE_HERE & set(path.relative_to(ROOT).parts):
                yield path


def lines_like(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for file in files():
        if file.suffix == ".py":
            lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
            found += [f"{file.relative_to(ROOT)}:{number}" for number, line in lines if pattern.search(line)]
    return found
