"""Times of two sides -> Welch's t, of all of them and cropped, and what that says.

Cropping follows dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2017): measurements above a
percentile of both sides together are left out, because what comes late comes from elsewhere and hides small
differences. The threshold is one for both sides, so a difference of the tails moves the means of what is left.

Beside Welch's t stands that of the differences within pairs, of the pairs whose slower half is below the threshold: the
two of a pair were measured one after the other, so a machine that is busy for a while is busy for both. Which pairs are
kept does not depend on which side was slow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median

LIMIT = 4.5
PERCENTILES = (100, 99, 95, 90, 80, 70, 50, 30)
FEWEST = 10  # a crop that leaves a side with fewer says nothing: the sides lie apart as a whole, which the others show
SHOWN = 90  # differences are given at this percentile, where the interval is not that of the outliers
_BOTH_SIDES_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Crop:
    """The measurements up to a percentile.

    left, right    how many are kept of each side
    difference     of the means, left less right; `error` is its standard error
    t, paired      Welch's, and that of the differences within pairs
    """

    percentile: int
    left: int
    right: int
    difference: float
    error: float
    t: float
    paired: float

    @property
    def most(self) -> float:
        """The larger |t| of the two."""
        return max(abs(self.t), abs(self.paired))

    @property
    def interval(self) -> float:
        """Half the width of the 95 % interval; the samples are large enough for the normal distribution."""
        return self.error * _BOTH_SIDES_95

    @property
    def would_show(self) -> float:
        """The difference whose |t| would be the limit."""
        return self.error * LIMIT


@dataclass(frozen=True, slots=True)
class Figures:
    """One comparison, in the unit of the times."""

    means: tuple[float, float]
    medians: tuple[float, float]
    crops: tuple[Crop, ...]

    @property
    def whole(self) -> Crop:
        return self.crops[0]

    @property
    def shown(self) -> Crop:
        """The crop that differences are given at, or the next wider one."""
        return min((crop for crop in self.crops if crop.percentile >= SHOWN), key=lambda crop: crop.percentile)

    @property
    def most(self) -> Crop:
        """The crop with the largest |t|: the one that counts."""
        return max(self.crops, key=lambda crop: crop.most)

    @property
    def told_apart(self) -> bool:
        return self.most.most >= LIMIT


def welch(left: Sequence[float], right: Sequence[float]) -> tuple[float, float, float]:
    """Difference of the means, its standard error, and t, for samples whose variances may differ."""
    if len(left) < 2 or len(right) < 2:
        raise ValueError(f"two samples of at least two are wanted, not of {len(left)} and {len(right)}")
    means = fmean(left), fmean(right)
    error = math.sqrt(_variance(left, means[0]) / len(left) + _variance(right, means[1]) / len(right))
    difference = means[0] - means[1]
    return difference, error, _ratio(difference, error)


def paired(left: Sequence[float], right: Sequence[float]) -> float:
    """Student's t of the differences within pairs; 0 of fewer than two."""
    differences = [one - other for one, other in zip(left, right, strict=True)]
    if len(differences) < 2:
        return 0.0
    mean = fmean(differences)
    return _ratio(mean, math.sqrt(_variance(differences, mean) / len(differences)))


def _ratio(difference: float, error: float) -> float:
    if error:
        return difference / error
    return math.copysign(math.inf, difference) if difference else 0.0


def _variance(sample: Sequence[float], mean: float) -> float:
    return math.fsum((one - mean) ** 2 for one in sample) / (len(sample) - 1)


def threshold(left: Sequence[float], right: Sequence[float], percentile: int) -> float:
    """The smallest measurement of both sides together that so many per cent of them do not exceed."""
    together = sorted((*left, *right))
    return together[max(0, -(-len(together) * percentile // 100) - 1)]


def figures(left: Sequence[float], right: Sequence[float]) -> Figures:
    """What the times of both sides say; the n-th of each are a pair."""
    crops = []
    for percentile in PERCENTILES:
        most = threshold(left, right, percentile)
        first, second = [one for one in left if one <= most], [one for one in right if one <= most]
        if percentile == PERCENTILES[0] or min(len(first), len(second)) >= FEWEST:
            kept = [pair for pair in zip(left, right, strict=True) if max(pair) <= most]
            within = paired([one for one, _ in kept], [other for _, other in kept]) if len(kept) >= FEWEST else 0.0
            crops.append(Crop(percentile, len(first), len(second), *welch(first, second), within))
    return Figures((fmean(left), fmean(right)), (median(left), median(right)), tuple(crops))
