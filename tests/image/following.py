"""Reads a Dockerfile and carries its steps out in folders, each stage in a root of its own.

The base image is played by this machine's Python and its /usr, read-only. Everything else is what
the Dockerfile says: what is copied, run, set, who runs it, and what may be written.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
UNSHARE = shutil.which("unshare") or "unshare"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a Dockerfile."""

    word: str
    rest: str


@dataclass
class Image:
    """A stage as far as it was followed: its root, and how its processes start."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    folder: str = "/"
    user: str = "0:0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def steps_of(text: str) -> list[Step]:
    """The instructions of a Dockerfile, with lines that go on put together."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            found.append(Step(word.upper(), re.sub(r"\s+", " ", rest.strip())))
    return found


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore leaves a path out; the last pattern that fits it counts."""
    left_out = False
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        bare = plain.removeprefix("**/")
        fits = plain in {"*", path} or path.startswith(f"{plain}/")
        fits = fits or (plain != bare and any(fnmatch(part, bare) for part in path.split("/")))
        if fits:
            left_out = not pattern.startswith("!")
    return left_out


class Following:
    """Follows one Dockerfile in a folder of its own; `context` is where COPY reads from."""

    def __init__(self, context: Path, base: Path) -> None:
        self._context = context
        self._base = base
        told = (context / ".dockerignore").read_text().splitlines()
        self._patterns = [line for line in told if line and not line.startswith("#")]
        self._stages: dict[str, Image] = {}

    def follow(self) -> Image:
        """Every step; answers the last stage.

        Raises:
            SystemExit: a step fails, or is one that this does not know.
        """
        image = Image(self._base / "none")
        for step in steps_of((self._context / "Dockerfile").read_text()):
            if step.word == "FROM":
                image = self._begin(step.rest)
            else:
                self._take(image, step)
        return image

    def _begin(self, rest: str) -> Image:
        name = rest.partition(" AS ")[2] or "last"
        root = self._base / name
        for folder in ("opt", "tmp", "proc", "dev", "root", "build"):
            (root / folder).mkdir(parents=True)
        shutil.copytree("/etc", root / "etc", symlinks=True)
        image = Image(root)
        image.environment["PATH"] = f"{sys.base_prefix}/bin:{PATH}"
        self._stages[name] = image
        return image

    def _take(self, image: Image, step: Step) -> None:
        match step.word:
            case "ARG" | "EXPOSE" | "STOPSIGNAL":
                pass
            case "COPY":
                self._copy(image, step.rest)
            case "RUN":
                self._run(image, step.rest)
            case _:
                set_up(image, step)

    def _run(self, image: Image, rest: str) -> None:
        if rest.startswith("apt-get "):
            print(f"RUN {rest}\n  left to this machine, which plays the base image", flush=True)
            return
        print(f"RUN {rest}", flush=True)
        run(image, ["/bin/sh", "-c", rest], writable=True)

    def _copy(self, image: Image, rest: str) -> None:
        words = rest.split(" ")
        source = self._context
        if words[0].startswith("--from="):
            source = self._stages[words.pop(0).removeprefix("--from=")].root
        *told, target = words
        place = image.root / (Path(image.folder) / target).as_posix().lstrip("/")
        for name in told:
            if source == self._context and ignored(name, self._patterns):
                sys.exit(f"COPY {name}: .dockerignore leaves it out")
            self._bring(source, name.lstrip("/"), place, of_context=source == self._context)

    def _bring(self, source: Path, name: str, place: Path, *, of_context: bool) -> None:
        found = source / name
        if not found.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, place / found.name)
            return

        def left_out(folder: str, names: list[str]) -> set[str]:
            below = Path(folder).relative_to(source)
            told = {each: (below / each).as_posix() for each in names}
            return {each for each, path in told.items() if ignored(path, self._patterns)}

        shutil.copytree(
            found, place, symlinks=True, dirs_exist_ok=True, ignore=left_out if of_context else None
        )


def set_up(image: Image, step: Step) -> None:
    """What only says how processes start."""
    match step.word:
        case "ENV":
            for pair in shlex.split(step.rest):
                name, _, value = pair.partition("=")
                image.environment[name] = value.replace("$PATH", image.environment["PATH"])
        case "WORKDIR":
            image.folder = step.rest
            (image.root / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = step.rest
        case "ENTRYPOINT":
            image.entry = json.loads(step.rest)
        case "CMD":
            image.command = json.loads(step.rest)
        case "HEALTHCHECK":
            image.health = json.loads(step.rest.partition("CMD ")[2])
        case _:
            sys.exit(f"tests/image does not know {step.word}")


def command_of(image: Image, command: list[str], *, writable: bool, **told: str) -> list[str]:
    """A command inside a root: the system read-only, and all but /tmp unless `writable`."""
    root = shlex.quote(str(image.root))
    mounts = [f"mount --rbind /dev {root}/dev", f"mount -t proc proc {root}/proc"]
    for path in (*SYSTEM, sys.base_prefix):
        if Path(path).is_symlink():
            mounts.append(f"ln -sfn {Path(path).readlink()} {root}{path}")
            continue
        mounts.append(f"mkdir -p {root}{path}")
        mounts.append(f"mount --bind {path} {root}{path}")
        mounts.append(f"mount -o remount,ro,bind {root}{path}")
    if not writable:
        mounts.insert(0, f"mount --bind {root} {root}")
        mounts.append(f"mount -o remount,ro,bind {root}")
        mounts.append(f"mount -t tmpfs -o mode=1777 tmpfs {root}/tmp")  # noqa: S108 - Not ours.
    environment = [f"{name}={value}" for name, value in {**image.environment, **told}.items()]
    here = f"cd {shlex.quote(image.folder)} && exec {shlex.join(command)}"
    inside = shlex.join(["env", "-i", *environment, "/bin/sh", "-c", here])
    user = "" if writable else f"--userspec={image.user} "
    script = f"{' && '.join(mounts)} && exec chroot {user}{root} {inside}"
    return [UNSHARE, "--mount", "--pid", "--fork", "--kill-child=SIGTERM", "sh", "-c", script]


def run(image: Image, command: list[str], *, writable: bool = False, **told: str) -> str:
    """Run a command to its end with more in its environment; answers what it wrote.

    Raises:
        SystemExit: it failed; the message is what it wrote.
    """
    found = subprocess.run(
        command_of(image, command, writable=writable, **told),
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        sys.exit(f"{shlex.join(command)}: {found.returncode}\n{found.stdout}{found.stderr}")
    return found.stdout
