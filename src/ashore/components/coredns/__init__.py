"""CoreDNS: names of services and pods, and through the gateway all others."""
