"""Runs of two drills, made by formula."""

from typing import Any


def run(
    drill: str, day: int, *, gap: float, verdict: str = "pass", blind: float = 0.0
) -> dict[str, Any]:
    """Down from the injection on for `gap` seconds; lb2 takes over where lb1 was."""
    planned = [round(-1 + 0.05 * i, 3) for i in range(120)]
    failed = {str(i): "timed out" for i, p in enumerate(planned) if 0 <= p < gap}
    samples: dict[str, Any] = {
        "planned": planned,
        "late": [0.1] * 120,
        "took": [3.0 + i % 7 for i in range(120)],
        "failed": failed,
    }
    gaps = [{"start": 0.0, "end": gap, "blind": blind, "open": False}] if gap > 0.1 else []
    seen: dict[str, Any] = {
        "attempts": 100, "failed": len(failed), "unsure": 0, "longest": gap - blind,
        "longestAtMost": gap, "blind": blind, "median": 0.004, "p99": 0.009, "gaps": gaps,
    }  # fmt: skip
    detail = f"longest {gap:.2f} s <now>"
    return {
        "schema": "ashore.drill/1",
        "drill": drill,
        "title": f"what {drill} is",
        "does": "switch lb1 off & on",
        "expected": "lb2 serves within seconds",
        "targets": {"machine": "lb1"},
        "stack": "demo",
        "started": f"2026-11-{day:02}T10:00:00.000+00:00",
        "verdict": verdict,
        "checks": [
            {"what": "healthy again within 120 s", "verdict": "pass", "detail": "after 1.0 s"},
            {"what": "api: no gap above 2 s", "verdict": verdict, "detail": detail},
        ],
        "bounds": [{"probe": "api", "gap": 2.0, "failed": None}],
        "marks": {
            "began": -1.0, "inject": 0.0, "injected": 0.1, "undo": 3.0, "undone": 3.2,
            "healthy": 4.0, "ended": 5.0,
        },
        "probes": {
            "api": {"interval": 0.05, "samples": samples, "summary": seen},
            "held": {"interval": 0.1, "samples": samples, "summary": seen},
            "names": {"interval": 0.05, "samples": {"planned": []}},
        },
        "holders": [
            {"machine": "lb1", "begun": [-1.0, -0.99], "ended": [0.0, 0.01]},
            {"machine": "lb2", "begun": [0.5, 0.51], "ended": [5.0, 5.0]},
        ],
        "facts": {"kubernetes": "1.37.2", "cpus": 2, "load": 1.25},
    }  # fmt: skip


def history() -> list[dict[str, Any]]:
    return [
        run("holder-killed", 1, gap=0.8),
        run("holder-killed", 2, gap=1.2),
        run("holder-killed", 3, gap=2.6, verdict="fail"),
        run("haproxy-killed", 3, gap=0.06),
        run("haproxy-killed", 4, gap=2.4, verdict="unknown", blind=2.0),
    ]
