"""Scales and SVG shapes; colours are classes, which the page's style sheet fills in."""

import math
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Linear:
    """Maps `low` to `high` onto pixels `start` to `end`; what lies outside is moved to the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """The same for the logarithm; `low` is above zero."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = math.log(inside / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def rect(x: float, y: float, width: float, height: float, style: str, tip: str = "") -> str:
    """A rectangle; `tip` is shown when the pointer rests on it."""
    shape = (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    )
    return f"{shape}/>" if not tip else f"{shape}><title>{escape(tip)}</title></rect>"


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line."""
    return f'<path class="{style}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def circle(x: float, y: float, radius: float, style: str, tip: str = "") -> str:
    """A dot; `tip` is shown when the pointer rests on it."""
    shape = f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"'
    return f"{shape}/>" if not tip else f"{shape}><title>{escape(tip)}</title></circle>"


def text(x: float, y: float, said: str, style: str = "") -> str:
    """Text on its base line; classes `end` and `middle` move its anchor."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'


def svg(width: float, height: float, label: str, parts: list[str]) -> str:
    """A picture that scales with the page; `label` is read aloud instead of it."""
    inside = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">\n'
        f"{inside}\n</svg>"
    )


def step(span: float, most: int) -> float:
    """The distance of ticks on a linear axis: 1, 2 or 5 times a power of ten, at most `most`."""
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= rough)


def seconds(value: float | None) -> str:
    """Two or three digits and the unit that suits them; a hyphen for None."""
    if value is None:
        return "-"
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"
