"""Numbers as reports tell them."""

from __future__ import annotations


def number(value: float | None) -> str:
    """Three digits, `–` for none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
