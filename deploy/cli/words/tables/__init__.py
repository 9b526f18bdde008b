"""The texts of the command line, English and Russian side by side, a file for each group of commands."""
