"""The providers that the sandbox plays: every folder that has a `PROVIDER`."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.sandbox.provider import Phone, Provider


def _found() -> Iterator[tuple[str, Provider]]:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.ispkg:
            name = f"deploy.sandbox.{module.name}"
            provider = getattr(importlib.import_module(name), "PROVIDER", None)
            if isinstance(provider, Provider):
                yield name, provider


FOLDERS: Mapping[str, Provider] = dict(_found())
"""Providers by the name of their package."""
PARTS = (*(part for provider in FOLDERS.values() for part in provider.parts), "partner", "control")
"""Control comes last: when it answers, everything listens."""
SWITCHES = {name: values for provider in FOLDERS.values() for name, values in provider.switches.items()}
PHONES: Mapping[str, Phone] = {
    provider.name: provider.phone for provider in FOLDERS.values() if provider.phone is not None
}
"""Phones by the name of their provider, which is the name of its inbox."""
