"""Copies of the sources below build/mutation, where faults are put in and built; the tree of the user is left alone."""

import os
import shutil
import subprocess
from pathlib import Path

from mutation.sources import gate

DAEMONS = [f"eventloop-{name}" for name in gate.DAEMONS]


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


class Tree:
    """A copy at `path` of the files that git knows or would add, with builds of its own in build/."""

    def __init__(self, root, path):
        self.root, self.path = Path(root), Path(path)

    def sync(self, only=None):
        """Makes the files like those of the user's tree; what is already like it keeps its time. only: folders."""
        wanted = [name for name in gate.Tree(self.root).files if not only or name.startswith(only)]
        for name in wanted:
            source, target = self.root / name, self.path / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        for name in set(self._files(only)) - set(wanted):
            (self.path / name).unlink()
        venv = self.path / "build" / "venv"
        venv.parent.mkdir(exist_ok=True)
        if not venv.is_symlink():
            shutil.rmtree(venv, ignore_errors=True)  # a test that sets up for itself has put its own there
            venv.symlink_to(self.root / "build" / "venv")

    def _files(self, only):
        found = gate.Tree(self.path).files if self.path.exists() else []
        return [name for name in found if not only or name.startswith(only)]

    def configure(self, build, compile_flags, link_flags=""):
        command = ["cmake", "-S", self.path, "-B", self.path / "build" / build, "-G", "Ninja"]
        command += ["-DCMAKE_BUILD_TYPE=None", "-DEVENTLOOP_FAULTS=ON"]
        command += [f"-DCMAKE_C_FLAGS=-w {compile_flags}", f"-DCMAKE_EXE_LINKER_FLAGS={link_flags}"]
        configured = run(command)
        if configured.returncode:
            raise SystemExit(configured.stdout + configured.stderr)

    def build(self, build, targets, jobs=1):
        """Whether the targets could be built; the compiler's words."""
        built = run(["ninja", "-C", self.path / "build" / build, f"-j{jobs}", *targets])
        return built.returncode == 0, built.stdout + built.stderr

    def unit_programs(self, build):
        folder = self.path / "build" / build / "tests"
        return [folder / f"{source.parent.name}_{source.stem}" for source in self.unit_sources()]

    def unit_sources(self):
        return sorted((self.path / "tests" / "unit").glob("*/test_*.c"))

    def keep_programs(self, build, kept):
        """Copies the daemons, as they are now, to another folder of build/."""
        (self.path / "build" / kept).mkdir(exist_ok=True)
        for name in DAEMONS:
            shutil.copy(self.path / "build" / build / name, self.path / "build" / kept / name)

    def write(self, name, text):
        """Writes a file so that the build sees it, and takes it for new even within the clock's step."""
        path = self.path / name
        before = path.stat().st_mtime_ns
        path.write_text(text)
        if path.stat().st_mtime_ns <= before:
            os.utime(path, ns=(before + 1_000_000, before + 1_000_000))
