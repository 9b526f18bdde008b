"""`make demo`: real messages from a partner's POST to a read receipt, shown as it happens.

phones.py     the customers' phones
scenes.py     what is sent to whom, and what must become of it
timeline.py   one scene, live
show.py       the table of outcomes, the trace of a message
"""
