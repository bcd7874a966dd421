"""One file a work; each has `NAME`, `TITLE` and `run(plan)`, which adds series to the plan's results."""
