"""The programs' interface, `/api/v1`: the same values as the pages show, as JSON."""
