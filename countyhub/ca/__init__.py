"""The county's certificate authority: certificates of boxes, broker and hub, revocation, enrolment and renewal."""
