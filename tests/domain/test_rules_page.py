"""The page of rules: each rule is there and names its tests, and nobody cites one that isn't."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "domain" / "RULES.md").read_text()
LAST_RULE = 33

CITATION = re.compile(r"\brules? \d+(?:(?:,| to| and) \d+)*", re.IGNORECASE)
"""Such as "rule 3", "rules 4 to 6" or "rules 10 to 13 and 15"."""
BEGINNING = re.compile(r"\*\*(\d+)\.\*\*")
"""A rule begins with its number in bold, such as **7.** here."""
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rules() -> list[tuple[int, str]]:
    """Each rule's number, and what the page says up to the next rule."""
    _, *parts = BEGINNING.split(PAGE)
    return [(int(number), text) for number, text in zip(parts[::2], parts[1::2], strict=True)]


def cited_in(text: str) -> set[int]:
    """The numbers that a text cites, of a range both ends. A citation may be wrapped."""
    citations = CITATION.findall(" ".join(text.split()))
    return {int(number) for each in citations for number in re.findall(r"\d+", each)}


def texts() -> list[Path]:
    """Whatever may cite a rule."""
    folders = [ROOT / name for name in ("domain", "projections", "infrastructure", "tests")]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    pages = [ROOT / "ARCHITECTURE.md", ROOT / "README.md"]
    return [path for path in [*found, *pages] if path.suffix in {".py", ".md"}]


def functions_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Rule 3.", {3}),
        ("rules 4\n    to 6", {4, 6}),
        ("(rules 10 to 13 and 15)", {10, 13, 15}),
        ("rules 1, 2 and 3", {1, 2, 3}),
        ("rules of 2 people, and overrule 7", set()),
    ],
)
def test_a_citation_is_known_by_its_words(text: str, numbers: set[int]) -> None:
    assert cited_in(text) == numbers


def test_every_rule_is_there_once_and_in_order() -> None:
    assert [number for number, _ in rules()] == list(range(1, LAST_RULE + 1))


def test_nothing_cites_a_rule_that_is_not_there() -> None:
    known = {number for number, _ in rules()}
    strays = {str(path): cited_in(path.read_text()) - known for path in texts()}
    assert not {path: numbers for path, numbers in strays.items() if numbers}


def test_every_rule_names_a_test() -> None:
    assert [number for number, text in rules() if not NAMED_TEST.search(text)] == []


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED_TEST.findall(PAGE)
    assert len(named) == PAGE.count("::")
    assert [each for each in named if each[1] not in functions_in(ROOT / each[0])] == []
