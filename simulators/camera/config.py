"""What one simulated camera is, before it starts. Checked at once; never changes afterwards."""

from dataclasses import dataclass

from simulators.camera.quirks import check_quirks

AUTH_MODES = ("both", "usernametoken", "digest", "none")
SNAPSHOT_AUTH_MODES = ("digest", "basic", "none")
DIGEST_ALGORITHMS = ("MD5", "SHA-256")
# Quirks that are no more than a setting.
MEANT_SETTINGS: dict[str, tuple[str, object]] = {
    "orphaned_slots": ("slots", 1),
    "no_free_slot": ("slots", 0),
    "short_polls": ("max_poll_s", 2.0),
    "local_time_as_utc": ("clock_offset_s", 8 * 3600.0),
    "digest_only": ("auth", "digest"),
    "token_only": ("auth", "usernametoken"),
    "locks_account": ("lock_after", 3),
    "snapshot_digest_only": ("snapshot_auth", "digest"),
    "snapshot_basic_only": ("snapshot_auth", "basic"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfig:
    """One camera.

    `port` 0 takes a free one. `auth` says which credentials SOAP operations accept, `snapshot_auth` the pictures.
    `fresh_s`: how far a token's Created may be from the camera's own clock. `lock_after` wrong passwords in a row
    lock the account for `lock_s` (0: never). `max_poll_s` is the longest long poll allowed.
    `picture_width_px`: of snapshots and frames, 16:9.

    Raises ValueError for an unknown mode or quirk.
    """

    name: str
    port: int = 0
    user: str = "admin"
    password: str = "camera-2024"
    auth: str = "both"
    snapshot_auth: str = "digest"
    digest_algorithm: str = "MD5"
    fresh_s: float = 300.0
    lock_after: int = 0
    lock_s: float = 600.0
    slots: int = 5
    default_lifetime_s: float = 60.0
    max_lifetime_s: float = 3600.0
    max_poll_s: float = 60.0
    reboot_s: float = 3.0
    clock_offset_s: float = 0.0
    picture_width_px: int = 640
    quirks: frozenset[str] = frozenset()
    maker: str = "Gridcam"
    model: str = "GC-2000"
    firmware: str = "V5.6.3"
    serial: str = "GC2000-000001"

    def __post_init__(self) -> None:
        check_quirks(self.quirks)
        for quirk in sorted(self.quirks & MEANT_SETTINGS.keys()):
            object.__setattr__(self, *MEANT_SETTINGS[quirk])  # frozen only from here on
        _check_choice("auth", self.auth, AUTH_MODES)
        _check_choice("snapshot_auth", self.snapshot_auth, SNAPSHOT_AUTH_MODES)
        _check_choice("digest_algorithm", self.digest_algorithm, DIGEST_ALGORITHMS)


def _check_choice(setting: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{setting} = {value!r}: 只能是 / must be one of {', '.join(choices)}")
