"""Two different sites, one behaviour: what holds for the example marketplace holds for a stranger's site too.

``test_behaviour.py`` runs on the example site and, in a process of its own (``test_second_host.py``), on ``inkpress``:
a print-on-demand shop with its own users, keys, storage and pages. Only ``sites.py`` knows which site it is.
"""
