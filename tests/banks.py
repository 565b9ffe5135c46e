"""What tests ask of a sample bank that has been written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml


def told_of(bank: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((bank / "data" / "truth.yaml").read_text(encoding="utf-8"))
    return read


def table(bank: Path, name: str) -> pl.DataFrame:
    files = sorted((bank / "data" / name).glob("*.csv"))
    if not files:
        return pl.read_parquet(bank / "data" / name / "**/*.parquet")
    return pl.concat(pl.read_csv(text_of(path).encode(), infer_schema=False) for path in files)


def text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("gbk")


def local_day(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("Asia/Shanghai").dt.date()


def months(frame: pl.DataFrame, column: str) -> list[pl.DataFrame]:
    return frame.with_columns(local_day(column).dt.month().alias("month")).partition_by("month")


def share(frame: pl.DataFrame, condition: pl.Expr) -> float:
    return float(frame.select(condition.mean()).item())
