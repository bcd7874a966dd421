"""Who is let in. What each page needs stands in `web.access`.

a request that is none for this console → `requestguard`; no session, or no right → `logingate`
who looks → `viewer`; a session that ends under an open page → `openanswers`; what logging in needs → `lobby`
"""
