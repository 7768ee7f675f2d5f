"""HTML tables to Markdown tables, however uneven their rows are."""

from bs4.element import Tag

from signals.mail.html_inline import is_dropped

MAX_CELLS = 100_000
"""Of a table whose rows are made even; a larger one is written as it is: one row of thousands would widen all."""


def table_rows(table: Tag) -> list[list[Tag]]:
    """Cells of the table's own rows, not those of tables inside it; rows without cells left out."""
    rows: list[list[Tag]] = []
    for child in table.find_all(True, recursive=False):
        own = [child] if child.name == "tr" else child.find_all("tr", recursive=False)
        shown = [] if is_dropped(child) else [row for row in own if not is_dropped(row)]
        rows.extend(
            [cell for cell in row.find_all(["td", "th"], recursive=False) if not is_dropped(cell)] for row in shown
        )
    return [row for row in rows if row]


def write_table(rows: list[list[str]], *, has_header: bool) -> str:
    """A GitHub-flavoured table. One without header gets an empty one, since the format asks for it."""
    width = max(len(row) for row in rows)
    if width * len(rows) > MAX_CELLS:
        return "\n".join(_line(row) for row in rows)
    even = [[_escaped(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    header, body = (even[0], even[1:]) if has_header else ([""] * width, even)
    return "\n".join(_line(row) for row in (header, ["---"] * width, *body))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
