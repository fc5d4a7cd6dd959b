"""Corosync: membership of the load balancers, with a quorum device on the gateway."""
