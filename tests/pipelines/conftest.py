"""Fixture for recipes: trained parts are kept in memory, too, and must not outlive a workplace."""

import sys

import pytest


@pytest.fixture
def fresh_workplace(workplace):
    """An empty workplace, and nothing in memory that was trained in another."""
    for name, module in list(sys.modules.items()):
        if name.startswith("cgnlib.pipelines.") and not name.endswith(".data"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    return workplace
