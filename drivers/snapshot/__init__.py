"""One picture from a camera, fit for the wire, whatever driver wants it."""
