"""What the tests of the engine know of the country they run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.demo.country.sample import Sample
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Country:
    """Where the country is: as its owner, as the hub reads it, and who its sample people are."""

    owner_dsns: Mapping[str, str]
    settings: Settings
    sample: Sample
