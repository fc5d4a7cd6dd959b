"""A few SVG shapes, written as text: the same calls give the same bytes."""

from html import escape

_STYLE = {
    # class: property, on a light and on a dark page
    "page": ("fill", "#ffffff", "#0d1117"),
    "edge": ("stroke", "#d0d7de", "#343b45"),
    "stack": ("fill", "#f6f8fa", "#12171f"),
    "kube": ("fill", "#edf3fc", "#141d2b"),
    "panel": ("fill", "#fbfcfd", "#181e27"),
    "card": ("fill", "#ffffff", "#212933"),
    "chip": ("fill", "#e9edf2", "#2a323d"),
    "wire": ("stroke", "#98a3b0", "#5b6673"),
    "bus": ("fill", "#98a3b0", "#5b6673"),
    "ink": ("fill", "#1f2328", "#e6edf3"),
    "dim": ("fill", "#57606a", "#9aa4b0"),
    "api": ("fill", "#1f5fd0", "#3b78e7"),
    "flow": ("stroke", "#1f5fd0", "#6ea8fe"),
    "tip": ("fill", "#1f5fd0", "#6ea8fe"),
    "white": ("fill", "#ffffff", "#ffffff"),
    "gateway": ("fill", "#0b7285", "#4cc9d9"),
    "loadbalancer": ("fill", "#6d3fc4", "#b497f5"),
    "controlplane": ("fill", "#1f5fd0", "#6ea8fe"),
    "worker": ("fill", "#45566b", "#a5b4c6"),
    "storage": ("fill", "#8a4b08", "#e0a458"),
    "up": ("fill", "#1a7f37", "#3fb950"),
    "down": ("stroke", "#cf222e", "#ff7b72"),
}
_FONTS = """\
text { font-family: system-ui, -apple-system, "Segoe UI", Inter, "DejaVu Sans", sans-serif; }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.bold { font-weight: 600; }
.right { text-anchor: end; }
.middle { text-anchor: middle; }
.wire, .flow, .down { fill: none; stroke-width: 1.5; }
.flow, .down { stroke-width: 2; }
.votes { stroke-dasharray: 3 4; }
"""


class Canvas:
    """Collects shapes. Lengths are pixels, y grows downwards."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, style: str, radius: float = 8) -> None:
        """A rounded rectangle from its upper left corner."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{radius:g}" '
            f'class="{style}"/>'
        )

    def text(self, x: float, y: float, said: str, style: str, size: float = 12) -> None:
        """Text from the left end of its base line; `right` and `middle` move the anchor."""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" class="{style}" font-size="{size:g}">{escape(said)}</text>'
        )

    def pair(self, x: float, y: float, name: str, value: str) -> None:
        """A name and, behind it wherever that ends, its value."""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" class="ink" font-size="12">{escape(name)}'
            f'<tspan dx="10" class="dim mono">{escape(value)}</tspan></text>'
        )

    def path(self, way: str, style: str) -> None:
        """A line, in the words of SVG's path."""
        self._parts.append(f'<path d="{way}" class="{style}"/>')

    def dot(self, x: float, y: float, radius: float, style: str) -> None:
        """A filled circle around its centre."""
        self._parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" class="{style}"/>')

    def open(self, identity: str, title: str) -> None:
        """Begin a group that a page can address; the title shows when pointed at."""
        self._parts.append(f'<g id="{escape(identity)}"><title>{escape(title)}</title>')

    def close(self) -> None:
        """End the group."""
        self._parts.append("</g>")

    def document(self, width: float, height: float, title: str, about: str) -> str:
        """The whole file; it brings its own background and follows the reader's colour scheme."""
        lines = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-labelledby="title about">\n'
            f'<title id="title">{escape(title)}</title>\n<desc id="about">{escape(about)}</desc>\n'
            f"<style>\n{_css()}</style>\n{lines}\n</svg>\n"
        )


def _css() -> str:
    light = "".join(f".{name} {{ {p}: {day}; }}\n" for name, (p, day, _) in _STYLE.items())
    dark = "".join(f".{name} {{ {p}: {night}; }}\n" for name, (p, _, night) in _STYLE.items())
    return f"{_FONTS}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
