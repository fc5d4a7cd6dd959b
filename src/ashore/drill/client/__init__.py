"""The program that measures from a client's place in the stack's network. Standard library only."""
