"""What somebody may see: places and offices as a value (`scope`), and as conditions of queries (`reach`)."""
