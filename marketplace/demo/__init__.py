"""``make demo``: the whole site on one machine, with pictures to look at."""
