"""A task: its steps, its agent, its end and its answer."""
