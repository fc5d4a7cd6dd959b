"""Results of drills as a page and as JSON. Pure."""
