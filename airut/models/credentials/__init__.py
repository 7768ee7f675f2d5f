"""Secrets, where they come from, and the stand-ins that a sandbox holds."""
