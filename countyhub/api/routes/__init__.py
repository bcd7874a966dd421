"""One file for each thing that can be asked for; each ends with its rows of the table, `ROUTES`, and is found
by that."""
