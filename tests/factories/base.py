"""The smallest valid row of each model: `SomeFactory()` adds one, `SomeFactory.build()` only makes it."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy.orm import Session

Model = TypeVar("Model")


class Factory(Generic[Model]):
    """A feature's factory names its model and the fields' defaults."""

    session: ClassVar[Session | None] = None
    numbers: ClassVar[itertools.count[int]] = itertools.count(1)
    model: ClassVar[type]

    def __new__(cls, **fields: Any) -> Model:
        made = cls.build(**fields)
        session = Factory.session
        assert session is not None, "ask for the `session` fixture"
        session.add(made)
        session.flush()
        return made

    @classmethod
    def build(cls, **fields: Any) -> Model:
        given = cls.defaults(next(Factory.numbers))
        return cls.model(**{**given, **fields})

    @classmethod
    def defaults(cls, number: int) -> dict[str, Any]:
        raise NotImplementedError
