"""The gateway: DHCP and DNS for the stack; NAT only with an uplink."""
