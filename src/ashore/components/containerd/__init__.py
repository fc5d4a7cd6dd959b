"""containerd and runc: the runtime that the kubelet speaks to."""
