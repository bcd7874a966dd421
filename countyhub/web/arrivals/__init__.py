"""The pages of what arrives: events, check-ins, signals that made no case, and messages that could not be read."""
