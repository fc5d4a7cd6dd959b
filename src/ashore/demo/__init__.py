"""A guestbook that uses everything a stack has: `ashore demo`."""
