"""What this computer is like, as far as it changes what machines are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Found out once a run and handed to whoever renders.

    Attributes:
        cgroup: version of the control groups that machines see, 1 or 2.
        cap_sys_resource: machines may lower an oom_score_adj.
        patience: how many times longer than usual things may take.
        emulated: their processors are emulated by software, so that they stand still for
            seconds beside others.
    """

    cgroup: int
    cap_sys_resource: bool
    patience: float = 1.0
    emulated: bool = False
