"""The hub's console: pages rendered here, live by server-sent events, nothing loaded from elsewhere.

Each room holds what is about one thing; in the root is what all stand on. What a person does with a case goes by
`countyhub.cases.acting`, as from the interface and the command line.

pages → `cases`, `places`, `arrivals`, `accounts`, `audit`, `settingspage`, a refusal `errorpage`
what a page has at hand → `desk`; its HTML, in which language → `render`; in which words → `texts`
the map's shapes → `outlines`
who may see what, the menu → `access`; who is let in → `door`
what changed at the hub → `live`; an open page follows it → `streams`; tables and their files → `export`
machines ask → `health`, numbers → `metrics`; put together → `app`, served → `serve`, told → `settings`
"""
