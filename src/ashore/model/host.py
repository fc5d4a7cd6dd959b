"""What this computer is like, as far as it changes what machines are told."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Found out once a run and handed to whoever renders.

    Attributes:
        cgroup: version of the control groups that machines see, 1 or 2.
        cap_sys_resource: machines may lower an oom_score_adj.
        patience: how many times longer than usual things may take.
    """

    cgroup: int
    cap_sys_resource: bool
    patience: float = 1.0

    @property
    def slower(self) -> int:
        """`patience` as a whole number, for times that machines give each other.

        What is emulated, or shared by many, stands still for seconds: it is not lost then.
        """
        return math.ceil(self.patience)
