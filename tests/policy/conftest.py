"""The graph of the registers, and the profiles of the sample viewers."""

from __future__ import annotations

import pytest

from hub.cli.endpoint import load_graph
from hub.demo.tokens import VIEWERS
from hub.engine import Built, build
from hub.model.viewer import Profile
from hub.server.identity import viewer_of


@pytest.fixture(scope="session")
def built() -> Built:
    return build(load_graph())


def profile_of(name: str, built: Built) -> Profile:
    """The profile of a sample viewer."""
    return viewer_of({"sub": "001190000000", **VIEWERS[name].claims}, built.served()).profile
