"""Finding ONVIF cameras: where to ask, what they answer, who each is, and what is wrong with it. Disturbs none."""
