"""What a sandbox may reach: allowlists, presets, and the rules that the proxy reads."""
