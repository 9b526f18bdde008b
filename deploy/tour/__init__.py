"""`make tour`: every feature once, on the real stack: what was sent, what was shown, what was reported to the partner.

scene.py      what a scene is given, and the row that it gives
scenes/       one file for each scene; whatever lies there is played, in the order of its ORDER
show.py       the table
"""
