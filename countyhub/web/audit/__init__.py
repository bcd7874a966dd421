"""The pages of the audit: who did what, in words, searched and taken away."""
