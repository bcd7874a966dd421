"""HTTP as devices in the village speak it: requests with limits, Digest and Basic, addresses mended."""
