"""Locks of books: one living holder each, let go with the object that held them."""

from pathlib import Path

from core.store.sqlite.locks import FileLocks


def test_a_book_is_held_by_one(tmp_path: Path) -> None:
    one, other = FileLocks(tmp_path / "izinhatti.db"), FileLocks(tmp_path / "izinhatti.db")

    assert one.hold(1)
    assert not other.hold(1)
    assert other.hold(2)
    one.let_go(1)
    assert other.hold(1)
    one.close()
    other.close()


def test_a_holder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    one, other = FileLocks(tmp_path / "izinhatti.db"), FileLocks(tmp_path / "izinhatti.db")
    one.hold(1)

    one.close()

    assert other.hold(1)
    other.close()


def test_the_lock_file_is_for_its_owner_only(tmp_path: Path) -> None:
    FileLocks(tmp_path / "izinhatti.db").close()

    assert (tmp_path / "izinhatti.db.books").stat().st_mode & 0o777 == 0o600
