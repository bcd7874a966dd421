"""The county's certificate authority: certificates of boxes, broker and hub, revocation, enrolment and renewal.

a box gets its certificate → `listener`, `enrolment`; which boxes and tokens there are → `identities`
a box is revoked → `identities.revoke`, counts at the broker → `inforce`, one that stays connected → `expulsion`
nothing runs out → `keeper`, `renewal`; keys of the county → `authority`, for settings `configkey`
what mosquitto gets → `brokerfiles`, tried first `brokertrial`
"""
