"""Past commits of a repository as tasks with a known answer: would the slice have held what the commit changed?

In reading order: `choose`, which commits make fair tasks, with `messages`, what people meant by theirs; `measure`, one
commit replayed; `search`, what an agent with a keyword search would have read instead.
"""

from repos.engine.replay.choose import Candidate, choose
from repos.engine.replay.measure import BUDGET, MEASURE, Replayed, replay
from repos.engine.replay.search import CAP

__all__ = ["BUDGET", "CAP", "MEASURE", "Candidate", "Replayed", "choose", "replay"]
