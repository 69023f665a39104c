"""Plan x sources -> response bytes: walk, gather, join, complete.

Takes a `Plan` once and makes a `Program` of it; runs that for each request. Text stays text: what the sources answer is
joined where the marks are, and only an answer in which something failed is ever opened.

program   Plan x sources -> Program: questions compiled, equal ones shared
gather    keys of concurrent requests -> one question: the dataloader across requests
join      texts with marks x answers -> texts
secrets   keys of a profile: pseudonyms, the seal of cursors
run       Program x variables x viewer -> bytes
observe   what the steps of one run were asked, for who looks at its plan
complete  an answer with failures: nulls propagate, errors get their paths
"""

from hub.executor.gather import Lanes
from hub.executor.observe import Observed, runs
from hub.executor.program import Program, Programs
from hub.executor.run import check, run
from hub.executor.secrets import Secrets

__all__ = ["Lanes", "Observed", "Program", "Programs", "Secrets", "check", "run", "runs"]
