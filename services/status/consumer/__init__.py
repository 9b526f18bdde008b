"""The consumer around the fold: load, fold, store, and what follows."""
