"""Repairs the database from the log: rebuilt into a second one, backed up, restored. Nothing is sent, nothing appended.

inventory.py    every collection: whose it is, and whether the log can make it again
fold.py         the services' own folds, without what follows from them
replay.py       reads the log once more through them, from where it stood
rebuild.py      a second database: what the log makes, and what has to be copied
switch.py       hands the services over to it
compare.py      what differs between two databases
archive.py      the files of a backup, and their manifest
backup.py       writes one
restore.py      loads one, and brings it up to the present from the log
after/          what was decided since a backup, and is not a fold: claims, timers, attempts, reports, erasures
"""
