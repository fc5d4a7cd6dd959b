"""Gluster: one volume over the storage machines, mounted by every worker."""
