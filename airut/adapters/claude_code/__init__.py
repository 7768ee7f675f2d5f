"""Claude Code: command line, event stream, verdict, and the binary itself."""
