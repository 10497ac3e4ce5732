"""Uploaded files have their place, and nothing else stays in the folder."""

import stat
from pathlib import Path

import pytest

from pvchat.errors import VideoError
from storage import keys, media
from storage.media import MediaFolder, display_name
from storage.schema import now
from storage.store import Store


def test_an_upload_is_kept_under_its_id_for_its_owner_only(home: Path) -> None:
    folder = MediaFolder(home)
    written = folder.begin()
    written.write_bytes(b"video")
    place = folder.keep(written, "id-1")
    assert place.read_bytes() == b"video"
    assert not written.exists()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_tidying_takes_what_no_row_knows(home: Path) -> None:
    folder = MediaFolder(home)
    folder.begin()
    folder.keep(folder.begin(), "kept")
    folder.keep(folder.begin(), "gone")
    assert folder.tidy({"kept"}) == 2
    assert [path.name for path in (home / media.FOLDER).iterdir()] == ["kept"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a.mp4", "a.mp4"),
        ("a\nb\x00c.mp4", "a b c.mp4"),
        ("\u202egpm.exe", "gpm.exe"),
        ("", "video"),
        ("...///", "video"),
        ("x" * 300, "x" * 255),
        ("\udcff.mp4", "?.mp4"),
    ],
)
def test_file_names_are_only_for_display(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_an_unknown_file_cannot_be_removed(store: Store) -> None:
    with pytest.raises(VideoError, match="no such video"), store.write() as session:
        media.remove(session, "nothing")


def test_a_key_is_found_by_itself_only_and_ends(store: Store) -> None:
    with store.write() as session:
        secret, made = keys.make(session, name="door", scopes=["chat", "chat"])
    with store.read() as session:
        found = keys.find(session, secret)
        assert found == made
        assert keys.find(session, secret[:-1]) is None
        assert keys.find(session, "") is None
    assert made.scopes == ("chat",)
    assert secret.startswith(made.prefix)
    assert secret.encode() not in store.database.read_bytes()
    with store.write() as session:
        assert keys.revoke(session, made.id)
        ended = keys.get(session, made.id)
    assert ended is not None
    assert not ended.valid(now())
