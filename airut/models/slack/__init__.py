"""Conversations in Slack, as values."""
