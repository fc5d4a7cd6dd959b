"""The stack's own registry of container images, on the gateway."""
