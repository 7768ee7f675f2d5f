"""A thread's pull request: its words, and what becomes of it."""
