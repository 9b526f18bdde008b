"""RuStore, native and universal."""
