"""What drills break, a file for each family."""
