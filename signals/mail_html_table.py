"""HTML tables to Markdown tables, however uneven their rows are."""

from bs4.element import Tag


def table_rows(table: Tag) -> list[list[Tag]]:
    """Cells of the table's own rows, not those of tables inside it; rows without cells left out."""
    rows: list[list[Tag]] = []
    for row in table.find_all("tr"):
        if row.find_parent("table") is table:
            cells = list(row.find_all(["td", "th"], recursive=False))
            if cells:
                rows.append(cells)
    return rows


def write_table(rows: list[list[str]], *, has_header: bool) -> str:
    """A GitHub-flavoured table. One without header gets an empty one, since the format asks for it."""
    width = max(len(row) for row in rows)
    even = [[_escaped(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    header, body = (even[0], even[1:]) if has_header else ([""] * width, even)
    return "\n".join(_line(row) for row in (header, ["---"] * width, *body))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
