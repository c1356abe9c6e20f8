"""The store's needs of a database: connections to it, and the care of its version."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from core.store.query import Insert, Query
from core.store.wake import Wake


class DatabaseConnection(ABC):
    """One connection, used by one thread at a time, which waits for it.

    Its methods raise `TemporaryFault` or `DataFault`; after a lost connection `begin` connects anew.
    """

    names_max: int
    """How many names one transaction may lock."""

    bulk_s: float
    """How long a transaction of bulk work aims to last, in seconds: somebody waits for it."""

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self, wake: Wake | None = None) -> None:
        """When this returns, the transaction is durable; only what happens after it may be told to anybody.

        `wake` is told to every process that hears (`Engine.listen`), with the commit and only if there is one.
        """

    @abstractmethod
    def roll_back(self) -> None:
        """End a transaction, if one is open."""

    @abstractmethod
    def rows(self, query: Query, values: dict[str, object]) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def stream(self, query: Query, values: dict[str, object]) -> Iterator[tuple[Any, ...]]:
        """The rows a few at a time, within the transaction; to be read to the end, or until that is rolled back."""

    @abstractmethod
    def run(self, query: Query, values: dict[str, object]) -> int: ...

    @abstractmethod
    def run_many(self, query: Query, rows: Sequence[tuple[object, ...]]) -> None: ...

    @abstractmethod
    def add_many(self, query: Insert, rows: Sequence[tuple[object, ...]]) -> None: ...

    @abstractmethod
    def lock(self, names: Iterable[str]) -> None: ...

    @abstractmethod
    def try_lock(self, name: str, /) -> bool: ...

    @abstractmethod
    def close(self) -> None: ...


class BookLocks(Protocol):
    """Which processes live: each holds the lock of its book for as long as it runs, however it ends."""

    def hold(self, book: int) -> bool:
        """Take the book's lock; False if a living process has it."""
        ...

    def let_go(self, book: int) -> None: ...

    def close(self) -> None: ...


class Engine(ABC):
    """One database. Every method but `listen` blocks its thread."""

    @abstractmethod
    def connect(self) -> DatabaseConnection:
        """A connection that writes; it may connect as late as its first transaction."""

    @abstractmethod
    def connect_read_only(self) -> DatabaseConnection:
        """A connection each of whose transactions sees one moment and writes nothing."""

    @abstractmethod
    def book_locks(self, connection: DatabaseConnection) -> BookLocks:
        """The locks of a process that writes by this connection, used where the connection is."""

    @abstractmethod
    async def listen(self, heard: Callable[[Wake], None]) -> None:
        """Call `heard` for what other processes' commits tell, until cancelled; where they cannot tell anything this
        returns at once. A fault is logged, never raised: whoever hears looks every now and then as well."""

    @abstractmethod
    def check_version(self) -> None:
        """Raises `DatabaseMissing`, `DatabaseOlder`, `DatabaseNewer`, `TemporaryFault`."""

    @abstractmethod
    def upgrade(self) -> None:
        """Create the database or migrate it to this version. Raises `DatabaseNewer`, `TemporaryFault`."""
