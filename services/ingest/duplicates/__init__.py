"""Requests that came before: claims for partners who refuse duplicates, and warnings for the others."""
