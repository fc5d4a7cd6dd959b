"""Docker Engine on the workers, beside the kubelet and on its containerd."""
