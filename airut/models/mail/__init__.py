"""Conversations by mail, as values."""
