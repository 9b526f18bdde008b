"""Lists of recipients and devices as people have them, CSV or JSON lines: `csv_or_json.py` reads one."""
