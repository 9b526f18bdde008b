"""Commands for the cluster as a whole: its topics, what was put aside, who works and what waits."""
