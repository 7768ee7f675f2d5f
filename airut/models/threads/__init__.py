"""A conversation thread: its state, what comes in, and what it tells."""
