"""How a box gets its certificate from the hub, and the next one before that ends.

`cryptography` is imported by `enrol.keys` only, which runs in `edgeagent enroll`, never in the running agent.

the steps of enrolling and renewing → `steps`, over HTTPS `hub`; when it is time → `renewal`
where key and certificate lie → `identity`, what is written into conf.d `enrolledfile`
a machine that becomes another box → `moving`
"""
