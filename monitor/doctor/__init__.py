"""`monitor doctor`: looks at everything that the watch stands on, and says for each what to do.

record.py  what is found      here.py  on this machine      store.py  the database      outside.py  what needs a network
"""
