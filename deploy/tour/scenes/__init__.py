"""The scenes of the tour, one file for each: ORDER, TITLE and `play`. See `deploy/tour/scene.py`."""
