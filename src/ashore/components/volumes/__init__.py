"""Volumes for pods on the shared file system, class `shared`: made, limited, grown, deleted."""
