"""What can be wrong with the outlines of `grids.geojson`."""

from __future__ import annotations

from countyhub.registry.mistakes import Mistake


class BadGeoJson(Mistake):
    code = "registry.bad-geojson"
    zh = "不是可用的 GeoJSON：{why}"
    en = "is no GeoJSON that can be used: {why}"


class BadOutline(Mistake):
    code = "registry.bad-outline"
    zh = "{code} 的边界不可用：{why}"
    en = "the outline of {code} cannot be used: {why}"


class SwappedOutline(Mistake):
    code = "registry.swapped"
    zh = "{code}：经度与纬度颠倒，应为先经度后纬度"
    en = "{code}: latitude and longitude are swapped, longitude comes first"


class Crossing(Mistake):
    code = "registry.crossing"
    zh = "{code} 的边界在 {point} 处自相交叉"
    en = "the outline of {code} crosses itself at {point}"


class OutlinesOverlap(Mistake):
    code = "registry.outlines-overlap"
    zh = "{code} 与 {other} 的边界重叠约 {area} 平方米，占较小者的 {percent}%"
    en = "the outlines of {code} and {other} overlap by some {area} m², {percent} % of the smaller one"
