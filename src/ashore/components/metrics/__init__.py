"""metrics-server: how much of processor and memory nodes and pods use."""
