"""What is recorded of it all: metrics, spans, the audit log."""
