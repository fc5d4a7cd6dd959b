"""Pacemaker: the floating IP beside a healthy HAProxy, and fencing where there is a BMC."""
