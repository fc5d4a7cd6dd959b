"""HAProxy: spreads the Kubernetes API over the control planes."""
