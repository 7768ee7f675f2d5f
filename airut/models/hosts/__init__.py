"""Sandbox hosts, and what lies on them."""
