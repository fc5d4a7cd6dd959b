"""Client-visible gaps of three ways to keep a floating IP, in one fabric: `make bench-failover`."""
