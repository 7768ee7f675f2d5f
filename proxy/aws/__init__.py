"""AWS signatures: the agent's is checked, and the request signed again with the real key (credentials.md §6)."""
