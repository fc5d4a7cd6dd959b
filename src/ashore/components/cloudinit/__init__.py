"""First-boot configuration: fragments of all components become one NoCloud seed."""
