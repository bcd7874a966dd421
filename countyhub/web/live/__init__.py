"""What the hub knows now, looked at once for all browsers. Only reads; no page is known here.

what changed → `watch`, of cases `touched`, by a late picture `latecomers`; not made twice → `kept`
boxes and their trouble → `snapshot`, those in one's places → `scoped`; today's events → `today`
open cases counted by light → `lighttally`; what needs a person → `needs`
"""
