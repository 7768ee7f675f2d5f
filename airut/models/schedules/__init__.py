"""Tasks by the clock."""
