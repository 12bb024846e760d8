"""A served embedder: checked answers, errors that say what to do, and no waiting for a dead server."""

import json
import socket
from collections.abc import Iterator, Sequence
from threading import Thread

import numpy as np
import pytest

from app.errors import ModelOutputError, ModelUnavailable
from app.text.embedder import Embedder, HashingEmbedder, Vectors
from app.text.embedding_server import MAX_BODY, REST_S, EmbeddingServer
from app.text.served import BATCH, LONGEST, ServedEmbedder
from tests.factories_embedding import EmbeddingService, serving


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service() -> Iterator[EmbeddingService]:
    service = EmbeddingService()
    with serving(service):
        yield service


def embedder(service: EmbeddingService, *, model: str = "", api_key: str = "") -> ServedEmbedder:
    return ServedEmbedder(EmbeddingServer(service.url, api_key=api_key), model)


def rows(count: int, length: int = 32, value: float = 1.0) -> bytes:
    return json.dumps({"data": [{"index": i, "embedding": [value] * length} for i in range(count)]}).encode()


def test_it_gives_what_the_model_behind_it_gives(service: EmbeddingService) -> None:
    served: Embedder = embedder(service)
    texts = ["cat food", "猫粮", "garden"]
    assert served.dimension == 32
    assert np.allclose(served.embed(texts), service.embedder.embed(texts), atol=1e-6)
    assert served.embed([]).shape == (0, 32)


def test_many_texts_go_in_batches_and_keep_their_places(service: EmbeddingService) -> None:
    texts = [f"text {n}" for n in range(2 * BATCH + 1)]
    assert np.allclose(embedder(service).embed(texts), service.embedder.embed(texts), atol=1e-6)
    assert [len(request["input"]) for request in service.asked[1:]] == [BATCH, BATCH, 1]


def test_a_blank_text_is_the_zero_vector_and_is_not_sent(service: EmbeddingService) -> None:
    vectors = embedder(service).embed(["", "garden", " \n"])
    assert [bool(vector.any()) for vector in vectors] == [False, True, False]
    assert service.asked[-1]["input"] == ["garden"]


def test_nothing_is_asked_before_the_first_text(service: EmbeddingService) -> None:
    embedder(service)
    assert service.keys == []


def test_of_a_long_text_the_beginning_is_sent(service: EmbeddingService) -> None:
    embedder(service).embed(["x" * 10_000])
    assert service.asked[-1]["input"] == ["x" * LONGEST]


def test_a_text_that_is_refused_does_not_silence_the_others(service: EmbeddingService) -> None:
    served = embedder(service)
    served.embed(["x"])
    service.status = 400
    with pytest.raises(ModelUnavailable, match="refused the request"):
        served.embed(["x"])
    service.status = 200
    assert served.embed(["x"]).any()


def test_the_key_is_sent_and_none_without_one(service: EmbeddingService) -> None:
    embedder(service, api_key="secret").embed(["x"])
    assert set(service.keys) == {"Bearer secret"}
    service.keys.clear()
    embedder(service).embed(["x"])
    assert set(service.keys) == {None}


def test_the_fingerprint_changes_with_the_model_and_with_nothing_else(service: EmbeddingService) -> None:
    first = embedder(service).fingerprint
    assert embedder(service).fingerprint == first
    service.models = ["other"]
    assert embedder(service).fingerprint != first
    service.models = ["small"]
    service.embedder = HashingEmbedder(48)
    assert embedder(service).fingerprint != first


def test_another_model_under_the_same_name_has_another_fingerprint(service: EmbeddingService) -> None:
    class Turned(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            return np.roll(super().embed(texts), 1, axis=1)

    first = embedder(service).fingerprint
    service.embedder = Turned(32)
    assert embedder(service).fingerprint != first


def test_of_several_models_one_must_be_named(service: EmbeddingService) -> None:
    service.models = ["small", "large"]
    with pytest.raises(ModelUnavailable, match="serves small, large: name one of them"):
        embedder(service).embed(["x"])
    with pytest.raises(ModelUnavailable, match="serves small, large: name one of them"):
        embedder(service, model="none").embed(["x"])
    embedder(service, model="large").embed(["x"])
    assert service.asked[-1]["model"] == "large"


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "UNDERSTORY_EMBEDDER_API_KEY"), (404, "ends in /v1"), (302, "final URL"), (500, "its log says why")],
)
def test_a_refusal_says_what_to_do(service: EmbeddingService, status: int, said: str) -> None:
    service.status = status
    with pytest.raises(ModelUnavailable, match=said):
        embedder(service).embed(["x"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"data": []}',
        rows(2),
        rows(1, 0),
        rows(1, value=float("nan")),
        rows(1, 31),
        b'{"data": [{"index": 0, "embedding": ["a"]}]}',
        b'{"data": [{"index": 5, "embedding": [1]}]}',
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(service: EmbeddingService, body: bytes) -> None:
    served = embedder(service)
    served.embed(["x"])
    service.body = body
    with pytest.raises(ModelOutputError):
        served.embed(["x"])


def test_an_answer_without_end_is_cut_off(service: EmbeddingService) -> None:
    service.body = b" " * (MAX_BODY + 1)
    with pytest.raises(ModelUnavailable, match="sent more than"):
        embedder(service).embed(["x"])


def test_a_dead_server_is_asked_again_only_after_a_rest(service: EmbeddingService) -> None:
    clock = Clock()
    served = ServedEmbedder(EmbeddingServer(service.url, clock=clock))
    service.status = 503
    with pytest.raises(ModelUnavailable, match="refused the request"):
        served.embed(["x"])
    service.status, asked = 200, len(service.keys)
    with pytest.raises(ModelUnavailable, match="did not answer lately"):
        served.embed(["x"])
    assert len(service.keys) == asked
    clock.now = REST_S
    assert served.embed(["x"]).any()


def test_after_a_silence_another_model_is_not_taken_for_the_first(service: EmbeddingService) -> None:
    clock = Clock()
    served = ServedEmbedder(EmbeddingServer(service.url, clock=clock))
    served.embed(["x"])
    service.status = 503
    with pytest.raises(ModelUnavailable):
        served.embed(["x"])
    service.status, service.models, clock.now = 200, ["other"], REST_S
    with pytest.raises(ModelOutputError, match="start Understory again"):
        served.embed(["x"])


def test_nobody_there_is_said_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match=r"^no embedder answers at [^\n]+; start it, or mend the URL$"):
            ServedEmbedder(EmbeddingServer(url)).embed(["x"])


def test_a_server_that_says_nothing_costs_one_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match="UNDERSTORY_EMBEDDER_TIMEOUT_S"):
            ServedEmbedder(EmbeddingServer(url, timeout_s=0.05)).embed(["x"])


def test_a_server_that_drips_is_cut_off() -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            while True:
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=drip, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable):
            ServedEmbedder(EmbeddingServer(url, timeout_s=0.05)).embed(["x"])
        thread.join()
