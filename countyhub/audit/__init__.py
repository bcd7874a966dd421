"""Who did what: rows in a chain of hashes, written in the transaction of what they tell of."""
