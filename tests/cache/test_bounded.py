"""The bounded map forgets what was used least recently, and never holds more than it may."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from hub.cache import Bounded

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers()), max_size=60)


@given(most=st.integers(1, 5), steps=STEPS)
def test_it_holds_the_most_recently_used(most: int, steps: list[tuple[bool, int, int]]) -> None:
    bounded: Bounded[int, tuple[int]] = Bounded(most)
    model: OrderedDict[int, tuple[int]] = OrderedDict()
    for writes, key, value in steps:
        if writes:
            assert bounded.put(key, (value,)) == (value,)
            model[key] = (value,)
            model.move_to_end(key)
            while len(model) > most:
                model.popitem(last=False)
        else:
            assert bounded.get(key) == model.get(key)
            if key in model:
                model.move_to_end(key)
        assert len(bounded) == len(model) <= most
