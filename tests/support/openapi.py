"""The OpenAPI documents, as the gateway hands them out."""

import requests


def document_of(url: str, service: str) -> bytes:
    """A service's document at one of the gateway's addresses."""
    answer = requests.get(f"{url}/docs/{service}/openapi.json", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content
