"""The partner's receiver of reports."""
