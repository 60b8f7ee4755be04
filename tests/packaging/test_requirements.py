"""What the service installs: declared, pinned and hashed, and nothing else is imported."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OURS = ("domain", "projections", "infrastructure")
EXTRAS = frozenset({"follow", "pull"})
"""What a command asks for that isn't the service's."""
HASHED = ["requirements.txt", "packaging/build-requirements.txt"]


def entries(name: str) -> dict[str, str]:
    """The lines of a file of requirements, continued ones joined, by the package's name."""
    lines = (ROOT / name).read_text(encoding="ascii").replace("\\\n", "").splitlines()
    return {canonicalize_name(re.split(r"[=\[ ]", line)[0]): line for line in lines}


def closure(distribution: str, extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """All that a package needs on this platform, by their metadata."""
    for each in map(Requirement, requires(distribution) or ()):
        markers = [{"extra": extra} for extra in ("", *extras)]
        if each.marker is None or any(map(each.marker.evaluate, markers)):
            yield canonicalize_name(each.name)
            yield from closure(each.name, frozenset(each.extras))


def imported() -> set[str]:
    """The top-level names that the service's modules import."""
    found: set[str] = set()
    for path in (each for package in OURS for each in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(OURS) - sys.stdlib_module_names


def test_all_that_the_service_needs_is_hashed() -> None:
    needed = set(closure("watchledger"))
    assert needed <= entries("requirements.txt").keys()
    assert "httpx" not in needed


def test_nothing_is_imported_that_is_not_needed() -> None:
    needed = set(closure("watchledger", EXTRAS))
    distributions = packages_distributions()
    for name in imported():
        assert needed & set(map(canonicalize_name, distributions[name])), name


@pytest.mark.parametrize("name", HASHED)
def test_every_package_has_a_hash_and_the_version_of_the_constraints(name: str) -> None:
    pinned = entries("constraints.txt")
    for package, line in entries(name).items():
        version = re.search(r"==([^ ;]+)", line)
        assert version is not None
        assert pinned[package].partition("==")[2] == version[1]
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", line)


@pytest.mark.parametrize("name", ["constraints.txt", *HASHED])
def test_no_file_of_requirements_names_a_host(name: str) -> None:
    assert not re.search(
        r"://|^-|\bindex\b", (ROOT / name).read_text(encoding="ascii"), re.MULTILINE
    )


def test_the_image_installs_nothing_without_its_hash() -> None:
    told = (ROOT / "packaging" / "Containerfile").read_text(encoding="utf-8")
    installs = re.findall(r"pip install [^\\\n]*", told)
    assert len(installs) == 3
    for each in installs:
        assert "--require-hashes" in each or ("--no-index" in each and "--no-deps" in each)
