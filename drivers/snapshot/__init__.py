"""One picture from a camera, fit to be kept, whatever driver wants it.

`fetch` asks a snapshot address, `rtsp` a video stream; `keep` makes of it what is stored, by the one `worker` process.

what is blackened → `privacy`; made smaller → `rework`; when one is due → `schedule`; why there is none → `problems`
bounds of memory and time → `bounded`, `worker`
"""
