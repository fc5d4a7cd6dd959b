"""The stack as an SVG, drawn from the model: what runs where, and how it is joined."""

from collections.abc import Mapping

from ashore.model.types import Machine, Role, Stack
from ashore.picture.canvas import Canvas
from ashore.picture.legend import TITLES, components, fabric, limits

# The grid, in pixels. The bridge stands upright at the left, panels hang on it.
_WIDTH = 960
_BUS = 68
_LEFT, _RIGHT = 100, 900
_GATEWAY = 236  # width of its panel
_BALANCERS = 412  # left edge of the load balancers' panel
_FLOW = (_BALANCERS + _RIGHT) / 2  # where calls of the API come down
_TOP = 184  # of the first row of panels
_HEAD = 74  # of a panel, above its machines
_PAD = 16
_GAP = 12
_CARD = 54  # height
_WIDEST = (_RIGHT - _LEFT - 4 * _PAD - 2 * _GAP) / 3  # columns of both Kubernetes panels line up
_CELL = 28  # height, where there are too many machines for cards
_CARDS_AT_MOST = 15

Status = Mapping[str, bool]


def svg(stack: Stack, status: Status | None = None) -> str:
    """The picture; with `status` (machine -> is it well) each machine carries a mark."""
    drawing = _Drawing(stack, status)
    drawing.draw()
    about = ", ".join(f"{m.name} {m.address}" for m in stack.machines)
    return drawing.canvas.document(_WIDTH, drawing.height, f"The stack {stack.name}", about)


class _Drawing:
    def __init__(self, stack: Stack, status: Status | None) -> None:
        self.canvas = Canvas()
        self._stack = stack
        self._status = status

        self._front = self._panel_height(Role.LOADBALANCER)
        self._kube_top = _TOP + self._front + 60
        self._planes_top = self._kube_top + 48
        self._workers_top = self._planes_top + self._panel_height(Role.CONTROLPLANE) + _PAD
        self._kube_bottom = self._workers_top + self._panel_height(Role.WORKER) + 48
        self._storage_top = self._kube_bottom + _PAD
        self._end = self._kube_bottom
        if stack.storage is not None:
            self._end = self._storage_top + self._panel_height(Role.STORAGE)
        self.height = self._end + 48

    def draw(self) -> None:
        self._frames()
        self._wires()
        self._front_row()
        self._kubernetes()
        self._volume()
        self._calls()

    def _frames(self) -> None:
        c, network = self.canvas, self._stack.network
        c.rect(12, 12, _WIDTH - 24, self.height - 24, "page edge", 14)
        c.rect(36, 100, _WIDTH - 72, self.height - 136, "stack edge", 12)
        c.text(_LEFT, 44, "This computer", "ink bold", 14)
        c.text(_LEFT, 62, str(network.host), "dim mono", 12)
        c.text(_LEFT, 134, _clip(self._stack.name, 34), "ink bold", 20)
        c.text(_LEFT, 154, _clip(f"{network.cidr} · {network.domain}", 60), "dim mono", 12)
        c.rect(
            _LEFT, self._kube_top, _RIGHT - _LEFT, self._kube_bottom - self._kube_top, "kube edge"
        )

    def _wires(self) -> None:
        """The bridge, the host's link into it, and a wire to each panel."""
        c = self.canvas
        below = _TOP + self._front + 22
        planes, workers = self._planes_top + 37, self._workers_top + 37
        end = workers
        if self._stack.storage is not None:
            end = self._storage_top + 37
            c.path(f"M{_BUS} {end:g}H{_LEFT}", "wire")
        for way in (
            f"M{_BUS} 52V{_TOP}",
            f"M{_BUS} {_TOP + 37}H{_LEFT}",
            f"M{_BUS} {below:g}H{_BALANCERS + 40}V{_TOP + self._front:g}",
            f"M{_BUS} {planes:g}H{_LEFT + _PAD}",
            f"M{_BUS} {workers:g}H{_LEFT + _PAD}",
        ):
            c.path(way, "wire")
        c.dot(_BUS, 48, 5, "bus")
        c.rect(_BUS - 4, _TOP - 4, 8, end - _TOP + 24, "bus", 4)
        link, bus = fabric(self._stack)
        c.text(_BUS + 12, 90, link, "dim mono", 11)
        c.text(_BUS, end + 38, bus, "dim mono middle", 11)

    def _front_row(self) -> None:
        c = self.canvas
        self._panel(Role.GATEWAY, _LEFT, _TOP, _GATEWAY)
        self._panel(Role.LOADBALANCER, _BALANCERS, _TOP, _RIGHT - _BALANCERS)
        end = _LEFT + _GATEWAY
        middle = _TOP + _HEAD + _CARD / 2
        c.path(f"M{end} {middle:g}H{_BALANCERS}", "wire votes")
        c.text((end + _BALANCERS) / 2, middle - 8, "quorum", "dim middle", 11)

    def _kubernetes(self) -> None:
        c, kube = self.canvas, self._stack.kubernetes
        c.text(_LEFT + _PAD, self._kube_top + 30, f"Kubernetes {kube.version}", "ink bold", 15)
        width = _RIGHT - _LEFT - 2 * _PAD
        self._panel(Role.CONTROLPLANE, _LEFT + _PAD, self._planes_top, width)
        self._panel(Role.WORKER, _LEFT + _PAD, self._workers_top, width)
        foot = self._kube_bottom - 19
        for column, (name, value) in enumerate(
            (("Pods", kube.pod_cidr), ("Services", kube.service_cidr), ("CoreDNS", kube.dns))
        ):
            x = _LEFT + 2 * _PAD + column * 249
            c.pair(x, foot, name, str(value))

    def _volume(self) -> None:
        """The storage machines, and where their volume is seen."""
        if self._stack.storage is None:
            return
        self._panel(Role.STORAGE, _LEFT, self._storage_top, _RIGHT - _LEFT)

    def _calls(self) -> None:
        """The way of a call: kubectl, the floating IP, a load balancer, a control plane."""
        c, network = self.canvas, self._stack.network
        self._arrow(_FLOW, 62, _TOP - 16)
        self._arrow(_FLOW, _TOP + self._front, self._planes_top)
        c.text(_FLOW + 12, 86, "https, port 6443", "dim", 11)
        c.text(_FLOW + 12, _TOP + self._front + 34, "whoever answers /readyz", "dim", 11)
        for x, name in ((_FLOW - 84, "ashore"), (_FLOW, "kubectl"), (_FLOW + 84, "browser")):
            c.rect(x - 38, 34, 76, 28, "chip", 14)
            c.text(x, 52.5, name, "ink mono middle", 12)
        name = _clip(self._stack.api_name, 32)
        address = str(network.floating)
        width = 8.2 * len(name) + 7.4 * len(address) + 50
        left = _FLOW - width / 2
        c.open("floating-ip", f"floating IP: {self._stack.api_name} {address}")
        c.rect(left, _TOP - 15, width, 30, "api", 15)
        c.text(left + 18, _TOP + 4.5, name, "white bold", 13)
        c.text(left + width - 18, _TOP + 4.5, address, "white mono right", 12)
        c.close()

    def _arrow(self, x: float, top: float, tip: float) -> None:
        self.canvas.path(f"M{x:g} {top:g}V{tip - 7:g}", "flow")
        self.canvas.path(f"M{x:g} {tip:g}l-5 -9h10z", "tip")

    def _panel(self, role: Role, x: float, y: float, width: float) -> None:
        """The machines of a role below a line that says what runs on them."""
        c, machines = self.canvas, self._stack.of_role(role)
        c.rect(x, y, width, self._panel_height(role), "panel edge")
        c.text(x + _PAD, y + 32, TITLES[role], f"{role} bold", 13)
        if machines:
            said = limits(machines[0])
            c.text(x + width - _PAD, y + 32, said, "dim right", 11)
        left = x + _PAD
        for component in components(self._stack, role):
            size = 6.3 * len(component) + 18
            c.rect(left, y + 43, size, 20, "chip", 10)
            c.text(left + size / 2, y + 57, component, "ink middle", 11)
            left += size + 6
        if not machines:
            c.text(x + _PAD, y + _HEAD + 16, "none", "dim", 12)
        self._machines(machines, x + _PAD, y + _HEAD, width - 2 * _PAD)

    def _panel_height(self, role: Role) -> float:
        count = len(self._stack.of_role(role))
        columns, _, height, gap = _grid(count, _RIGHT - _LEFT)
        rows = -(-count // columns)
        return _HEAD + max(26, rows * (height + gap) - gap) + _PAD

    def _machines(self, machines: tuple[Machine, ...], x: float, y: float, room: float) -> None:
        columns, width, height, gap = _grid(len(machines), room)
        for number, machine in enumerate(machines):
            row, column = divmod(number, columns)
            left, top = x + column * (width + gap), y + row * (height + gap)
            self.canvas.open(
                f"machine-{machine.name}",
                f"{self._stack.fqdn(machine)}, {machine.address}, {machine.mac}",
            )
            self.canvas.rect(left, top, width, height, "card edge", 6)
            if height == _CARD:
                self._card(machine, left, top)
            else:
                self._cell(machine, left, top, width)
            self._mark(machine, left + width - 13, top + (17 if height == _CARD else height / 2))
            self.canvas.close()

    def _card(self, machine: Machine, x: float, y: float) -> None:
        self.canvas.text(x + 12, y + 22, machine.name, "ink bold", 14)
        self.canvas.text(x + 12, y + 41, str(machine.address), "dim mono", 12)

    def _cell(self, machine: Machine, x: float, y: float, width: float) -> None:
        """Name and last byte: the plan fits in a /24, so the other bytes are the network's."""
        last = f".{machine.address.packed[-1]}"
        marked = 14 if self._status is not None else 0
        self.canvas.text(x + 8, y + 18.5, machine.name, "ink bold", 12)
        self.canvas.text(x + width - 8 - marked, y + 18.5, last, "dim mono right", 11)

    def _mark(self, machine: Machine, x: float, y: float) -> None:
        """A filled dot if the machine is well, a cross if not: shapes, not just colours."""
        if self._status is None or machine.name not in self._status:
            return
        if self._status[machine.name]:
            self.canvas.dot(x, y, 4, "up")
        else:
            self.canvas.path(f"M{x - 4:g} {y - 4:g}l8 8m0 -8l-8 8", "down")


def _grid(count: int, room: float) -> tuple[int, float, float, float]:
    """Columns, width, height and gap of the cards, or of cells if there are many."""
    if count > _CARDS_AT_MOST:
        gap = 8
        return 7, (room - 6 * gap) / 7, _CELL, gap
    rows = -(-count // 5) or 1
    columns = -(-count // rows) or 1
    return columns, min(_WIDEST, (room - (columns - 1) * _GAP) / columns), _CARD, _GAP


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
