"""A request for what only a newer release can read is answered 503, and no error is logged: nothing is wrong here."""

import orjson

from schemas.codec import Newer
from schemas.language import Language
from services.runtime.http.server import NEWER, failed
from services.runtime.words import translation_of


def test_it_is_503_in_words_of_both_languages() -> None:
    answer = failed(Newer("a message is stored in form 99"))
    body = orjson.loads(bytes(answer.body))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert (body["title"], body["detail"]) == (NEWER.title, NEWER.detail)
    assert all(translation_of(text, Language.RUSSIAN) != text for text in (body["title"], body["detail"]))
