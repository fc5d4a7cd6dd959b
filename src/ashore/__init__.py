"""Ashore brings Kubernetes up and running out of the cloud."""

__version__ = "0.1.0"
