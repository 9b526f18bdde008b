"""Values that examples have in common."""

AT = 1795971840000  # 2026-11-29
UUID = "0192f7a1-7c3e-7b44-9d2a-3f1e5c6b7a80"
VERSION = "01a22e4f-2666-7d89-bfad-4d3389ba1bf1"
PHONE = "79000000001"
