"""HTTP as devices in the village speak it: requests with limits, Digest and Basic, addresses mended.

we ask a device → `request`, `auth`, at which address `addresses`; it refuses our password, asked again after → `auth`
a device posts to us → `server`, `requesthead`
"""
