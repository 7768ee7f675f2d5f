"""Traces and metrics through OpenTelemetry's SDK; metrics as Prometheus reads them."""
