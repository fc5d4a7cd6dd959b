"""MetalLB: a Service of type LoadBalancer gets an address of the stack's network."""
