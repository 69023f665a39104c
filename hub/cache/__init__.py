"""What is kept between requests, always bounded.

bounded  a least-recently-used map
"""

from hub.cache.bounded import Bounded

__all__ = ["Bounded"]
