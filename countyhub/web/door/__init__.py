"""Who is let in: requests that are meant for this console, of somebody logged in, with the right for the page. What
each page needs stands in `web.access`.
"""
