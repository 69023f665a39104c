"""A remote subgraph as a source: Fetch -> a GraphQL document over HTTP -> texts.

Takes fetches and representations; gives the same texts with marks as any other source. What a subgraph answers is
decoded once, checked against the types of the public graph, and written out in the client's own shape.

question   Fetch -> Question: the selection a subgraph is asked for, and how its answer is read
reading    decoded answer x errors -> texts with marks
mask       what is given in place of a value
transport  one subgraph over HTTP: pool, deadline, retries, breaker, limits
source     questions x keys -> texts: several lists of representations in one request
"""

from hub.sources.remote.question import Rows
from hub.sources.remote.source import RemoteSource

__all__ = ["RemoteSource", "Rows"]
