"""Generations of state: a partition's state built again from the log beside the live one, compared, and switched to.

`building` folds the log with effects off into a `files.GenerationFile`; `comparing` says what differs at the same
watermark; `telling` says of what differs the part that the desk must hear. `embedded` and `kafka` are the two runtimes'
ways around them.
"""
