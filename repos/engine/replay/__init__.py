"""Past commits of a repository as tasks with a known answer: would the slice have held what the commit changed?"""

from repos.engine.replay.choose import Candidate, choose
from repos.engine.replay.measure import BUDGET, MEASURE, Replayed, replay
from repos.engine.replay.search import CAP

__all__ = ["BUDGET", "CAP", "MEASURE", "Candidate", "Replayed", "choose", "replay"]
