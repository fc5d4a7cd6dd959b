"""The cluster itself, by kubeadm: control planes that start at the same moment, and workers."""
