"""Quantities of Kubernetes as bytes, and back."""

from decimal import ROUND_CEILING, Decimal

_UNITS = {
    "": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
    "E": 10**18, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip


def parse(text: str) -> int:
    """`1.5Gi` -> 1610612736, rounded up. Raises ValueError for what is no quantity."""
    number = text.rstrip("kKmMGTPEi")
    unit = text[len(number) :]
    if unit not in _UNITS or not number:
        # Exponents (1e3) are what is left.
        number, unit = text, ""
    try:
        value = Decimal(number) * _UNITS[unit]
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is no quantity") from error
    return int(value.to_integral_value(ROUND_CEILING))


def show(size: int) -> str:
    """Bytes for people: 1610612736 -> `1.5Gi`."""
    for unit in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
        if size >= _UNITS[unit]:
            return f"{round(size / int(_UNITS[unit]), 1):g}{unit}"
    return str(size)
