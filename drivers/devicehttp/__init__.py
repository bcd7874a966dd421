"""HTTP as devices in the village speak it: requests with limits, Digest and Basic, addresses mended.

we ask a device → `request`, `auth`, at which address `addresses`; a device posts to us → `server`, `requesthead`
"""
