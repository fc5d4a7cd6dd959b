"""The local-path-provisioner: volumes on the worker's own disk, class `local`."""
