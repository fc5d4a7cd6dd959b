"""Failures made on purpose, measured from a client's side, and mended again."""
