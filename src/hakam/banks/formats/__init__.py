"""Hash lists as others write them: each file is one format, `read` takes bytes to rows, `write` entries to bytes.

Nothing here trusts a file: sizes are bounded, XML may define nothing, and a bad row costs that row alone.
"""
