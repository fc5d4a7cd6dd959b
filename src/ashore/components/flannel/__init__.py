"""flannel: the network of the pods, vxlan between the nodes."""
