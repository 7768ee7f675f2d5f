"""Rootless Podman: sandboxes, their fence, and images, over the engine's API socket."""
