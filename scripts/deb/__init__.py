"""Debian packages from locked wheels: nothing is compiled, and the same sources give the same bytes."""
