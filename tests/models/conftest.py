"""Fixtures of all tests of models."""

import pytest

from tests.models.tiny_roots import ROOTS, Root, fresh


@pytest.fixture(params=list(ROOTS))
def root(request: pytest.FixtureRequest) -> Root:
    """A base of each family."""
    return fresh(request.param)
