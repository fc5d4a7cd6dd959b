"""Names of Services with an address: CoreDNS beside the gateway's dnsmasq."""
