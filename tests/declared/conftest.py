"""The worlds of the tests over HTTP serve here as well."""

from tests.http.conftest import fresh, world

__all__ = ["fresh", "world"]
