"""Test pushes of operators, `/v1/test-pushes`: a push to one customer, in the name of a partner."""

from services.ingest.test_push.routes import test_push_routes

__all__ = ["test_push_routes"]
