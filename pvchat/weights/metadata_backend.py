"""A build backend that tells a source archive's name and version without running the archive's own code.

`pip download` asks the build backend of a source archive for its metadata, which normally executes the `setup.py`
inside it. Only data files are wanted from such an archive, so `install` lays out a package that stands in for
setuptools in that one child process and answers from the pinned requirement instead.
"""

import os
from pathlib import Path

ENVIRONMENT = "PVCHAT_METADATA_FOR"


class MetadataBackend:
    """The two PEP 517 hooks that `pip download` calls."""

    def get_requires_for_build_wheel(self, config_settings: object = None) -> list[str]:
        """Nothing is needed to build nothing."""
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory: str, config_settings: object = None) -> str:
        """Write the metadata of the requirement in the environment; returns the folder's name (PEP 517)."""
        name, _, version = os.environ[ENVIRONMENT].partition("==")
        folder = f"{name.replace('-', '_')}-{version}.dist-info"
        path = Path(metadata_directory) / folder
        path.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (path / "METADATA").write_text(text, encoding="utf-8")
        return folder


__legacy__ = MetadataBackend()


def get_requires_for_build_wheel(config_settings: object = None) -> list[str]:
    """Hook of archives that name setuptools as their backend explicitly."""
    return __legacy__.get_requires_for_build_wheel(config_settings)


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: object = None) -> str:
    """Hook of archives that name setuptools as their backend explicitly."""
    return __legacy__.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def install(folder: Path) -> None:
    """Lay out the stand-in package under `folder`, which then goes first on a child's module path."""
    package = folder / "setuptools"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "build_meta.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
