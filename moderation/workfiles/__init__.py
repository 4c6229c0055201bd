"""The files by which artists show how a work was made: pictures of its progress, layered files, recordings.

``kinds`` tells what a file is from its first bytes (the web process does no more than that); ``storage`` keeps it
private; ``summaries`` reads, in a worker and within bounds, what a moderator wants to know about it.
"""
