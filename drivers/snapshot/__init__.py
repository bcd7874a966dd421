"""One picture from a camera, fit to be kept, whatever driver wants it.

`fetch` asks a snapshot address, `rtsp` a video stream; `keep` makes of it what is stored, by the one `worker` process.
"""
