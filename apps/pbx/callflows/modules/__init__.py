"""The verbs, one file each. A new verb is a new file here; files that begin with `_` are shared by several."""
