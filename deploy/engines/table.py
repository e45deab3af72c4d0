"""Processes as a table for people."""

from collections.abc import Sequence

from engines.protocol import Row

MIB = 1024 * 1024


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("process", "role", "instance"):
        table.add_column(name)
    for name in ("pid", "port"):
        table.add_column(name, justify="right")
    table.add_column("health")
    for name in ("restarts", "memory"):
        table.add_column(name, justify="right")
    for row in rows:
        colour = "green" if row.health == "ready" else "red"
        table.add_row(
            row.process,
            row.role,
            str(row.instance or ""),
            str(row.pid or ""),
            str(row.port or ""),
            f"[{colour}]{row.health}[/]",
            str(row.restarts),
            f"{row.memory / MIB:.0f} MiB",
        )
    table.add_section()
    table.add_row("all", "", "", "", "", "", str(sum(row.restarts for row in rows)), _total(rows))
    Console().print(table)


def _total(rows: Sequence[Row]) -> str:
    return f"{sum(row.memory for row in rows) / MIB:.0f} MiB"
