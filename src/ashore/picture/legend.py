"""What a picture calls things: roles, what runs on their machines, limits."""

from ashore.model.types import Machine, Role, Stack

TITLES = {
    Role.GATEWAY: "Gateway",
    Role.LOADBALANCER: "Load balancers",
    Role.CONTROLPLANE: "Control planes",
    Role.WORKER: "Workers",
    Role.STORAGE: "Storage",
}
_COMPONENTS = {
    Role.GATEWAY: ("dnsmasq", "qnetd"),
    Role.LOADBALANCER: ("HAProxy", "Corosync", "Pacemaker"),
    Role.CONTROLPLANE: ("kube-apiserver", "etcd", "controller-manager", "scheduler"),
    Role.WORKER: ("kubelet", "containerd", "kube-proxy", "flannel"),
    Role.STORAGE: ("Gluster",),
}


def fabric(stack: Stack) -> tuple[str, str]:
    """This computer's link into the stack, and what the machines are on."""
    return ("tunnel", "intnet") if stack.driver == "virtualbox" else ("veth", "br0")


def components(stack: Stack, role: Role) -> tuple[str, ...]:
    """What makes up a role, as its own projects write it."""
    if role is Role.STORAGE and stack.storage is not None:
        return (f"Gluster, {stack.storage.type}", f"volume {stack.storage.volume}")
    nat = role is Role.GATEWAY and stack.network.uplink != "none"
    return (*_COMPONENTS[role], "NAT") if nat else _COMPONENTS[role]


def limits(machine: Machine) -> str:
    """What the machine may use at most: `2 CPUs, 3 GiB`."""
    mib = machine.memory / 1024**2
    memory = f"{mib / 1024:g} GiB" if mib % 1024 == 0 else f"{mib:g} MiB"
    return f"{machine.cpus:g} CPU{'' if machine.cpus == 1 else 's'}, {memory}"
