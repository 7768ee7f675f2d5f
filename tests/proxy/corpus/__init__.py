"""Requests that try to pass the allowlist, each with what it must come to and what a lenient server makes of it."""
