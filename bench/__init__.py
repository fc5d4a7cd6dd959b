"""Benchmarks: what users wait for, printed as tables with the machine and its load named."""
