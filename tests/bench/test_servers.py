"""A server that is measured starts from the settings it is given, like any other."""

from __future__ import annotations

from bench.servers import environment_of
from hub.cli.endpoint import load_graph
from hub.demo.start import Demo
from hub.engine import open_engine
from hub.settings import read_settings, require_serving


def test_the_settings_of_a_measured_server_are_complete(demo: Demo) -> None:
    settings = read_settings(environment_of(demo.folder, demo.cluster.dsns()))
    require_serving(settings)
    assert open_engine(load_graph(), settings).sources
