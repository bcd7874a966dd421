"""Finding ONVIF cameras: where to ask, what they answer, who each is, and what is wrong with it. Disturbs none.

the whole search → `discovery`; where to ask → `net`, in which words `probe`
one camera looked at → `look`, its faults `faults`
"""
