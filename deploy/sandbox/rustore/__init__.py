"""The RuStore of the sandbox."""
