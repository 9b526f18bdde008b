"""A provider is one row, one shape of credentials and two folders: the lists of docs/providers.md §0 are what is so."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from deploy.sandbox.providers import FOLDERS
from schemas.providers import BASE_URLS, FACTS, PUSH_PROVIDERS, Provider, ProviderName, PushProviderName
from services.runtime.credentials import SHAPES

ROOT = Path(__file__).parents[3]
MOST_FILES = 10
PAGE = (ROOT / "docs/providers.md").read_text().partition("## 0.")[2].partition("\n## 1.")[0]
HAND, _, FEATURES = PAGE.partition("**To add one**")[2].partition("Any other code")
BY_HAND = re.findall(r"`([\w/<>.]+/[\w/<>.]*)`", HAND)
SCENES = (
    *("deploy/bench/", "deploy/browser/", "deploy/conformance/", "deploy/demo/", "deploy/play/", "deploy/torture/"),
    "deploy/tour/",
)
"""What uses providers, as tests do."""
BUILT = "services/runtime/pages/dist/"
"""The console as browsers load it, where somebody has built it."""
WORDS = {
    Provider.FCM: re.compile(r"(?<![A-Za-z])(fcm|Fcm|FCM)(?![a-z])"),
    Provider.HMS: re.compile(r"(?<![A-Za-z])(hms|Hms|HMS)(?![a-z])"),
    Provider.RUSTORE: re.compile(r"(?<![A-Za-z])(rustore|Rustore|RuStore|RUSTORE)(?![a-z])"),
}
"""How their names look in code; the others' are words of other things as well."""


@cache
def folders_of(provider: Provider) -> tuple[str, str]:
    """In dispatch and in the sandbox."""
    (played,) = (name for name, known in FOLDERS.items() if known.name == provider.value)
    return f"services/dispatch/providers/{FACTS[provider].folder}/", f"{played.replace('.', '/')}/"


def own_files(provider: Provider) -> set[str]:
    dispatch, sandbox = folders_of(provider)
    return {
        path.replace("deploy/sandbox/<folder>/", sandbox).replace("services/dispatch/providers/<folder>/", dispatch)
        for path in BY_HAND
    }


def features_of(provider: Provider) -> list[str]:
    """Files and folders that the page lists for what this provider has alone."""
    (row,) = (line for line in FEATURES.splitlines() if line.startswith(f"| {FACTS[provider].title} |"))
    return re.findall(r"`([^`]+)`", row)


@cache
def sources() -> tuple[tuple[str, str], ...]:
    return tuple(_sources())


def _sources() -> Iterator[tuple[str, str]]:
    """What is written by hand and is code, but for the folders of providers; of Python its names and texts."""
    folders = {folder for provider in PUSH_PROVIDERS for folder in folders_of(provider)}
    for root in ("schemas", "services", "deploy"):
        for path in sorted((ROOT / root).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".js", ".html"} and not name.startswith((*folders, *SCENES, BUILT)):
                text = path.read_text()
                yield name, "\n".join(_written(ast.parse(text))) if path.suffix == ".py" else text


def _written(tree: ast.Module) -> Iterator[str]:
    """Names, and texts but for docstrings."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in bare:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.ImportFrom(module=str(name)):
                yield name


def test_a_provider_takes_few_files_by_hand() -> None:
    assert 5 < len(BY_HAND) == len(set(BY_HAND)) <= MOST_FILES


@pytest.mark.parametrize("provider", PUSH_PROVIDERS)
def test_every_provider_has_the_files_that_one_takes(provider: Provider) -> None:
    assert not [path for path in own_files(provider) if not (ROOT / path).is_file()]


@pytest.mark.parametrize("provider", WORDS)
def test_nothing_names_a_provider_but_what_the_page_lists(provider: Provider) -> None:
    naming = {name for name, text in sources() if WORDS[provider].search(text)}
    features = features_of(provider)
    rest = {name for name in naming - own_files(provider) if not name.startswith(tuple(features))}
    assert not rest, f"docs/providers.md §0 does not list {sorted(rest)}"
    stale = [feature for feature in features if not any(name.startswith(feature) for name in naming)]
    assert not stale, f"docs/providers.md §0 lists what does not name {provider}: {stale}"


def test_every_provider_has_a_row_a_shape_and_a_sender() -> None:
    assert set(FACTS) == set(SHAPES) == set(Provider)
    for provider, facts in FACTS.items():
        assert importlib.import_module(f"services.dispatch.providers.{facts.folder}.sender").open_sender, provider


def test_names_for_the_apis_follow_the_table() -> None:
    assert get_args(ProviderName) == tuple(provider.value for provider in Provider)
    assert get_args(PushProviderName) == tuple(provider.value for provider in Provider if FACTS[provider].platform)


def test_no_two_providers_share_a_word_or_a_setting() -> None:
    words = [FACTS[provider].sending_platform.lower() for provider in PUSH_PROVIDERS]
    settings = [base_url.setting for base_url in BASE_URLS]
    assert len(set(words)) == len(words)
    assert "" not in words
    assert len(set(settings)) == len(settings)
