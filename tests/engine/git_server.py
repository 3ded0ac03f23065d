"""A real git host for tests: `git http-backend` behind TLS with its own certificate, and bad manners on request.

The first part of a path chooses the manners: /open, /private (wants the token), /stall (never answers), /slow (sends a
byte now and then), /redirect (to another host), /moved (to the same path with .git), /busy, /garbage.
"""

import contextlib
import datetime
import os
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from repos.engine.git import Credentials, GitLimits, Policy, Remote, parse_address

HOST = "code.acme.example"
TOKEN = "tok-3f9a-right"


@dataclass
class GitServer:
    """A running host. `asked` has every request line, `authorizations` the headers that came with them."""

    root: Path
    port: int
    ca_file: Path
    asked: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def policy(self) -> Policy:
        return Policy(allow_private_hosts=True, ca_file=self.ca_file)

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}/{path}"

    def remote(self, path: str, *, token: str = "", seconds: float = 60.0, **limits: int) -> Remote:
        return Remote(
            parse_address(self.url(path), self.policy),
            self.policy,
            Credentials(token=token),
            GitLimits(seconds=seconds, **limits),
            # The name exists nowhere: only a connection that is pinned to this answer can arrive.
            resolve=lambda host, port: ("127.0.0.1",),
        )


def git(*arguments: str, cwd: Path) -> str:
    """Run git as a developer would, with a fixed author."""
    who = {"NAME": "Olga", "EMAIL": "olga@acme.example", "DATE": "2026-01-05T10:00:00Z"}
    people = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    environment = {**os.environ, **people, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(folder: Path, files: Mapping[str, str | bytes], *, branch: str = "main") -> str:
    """A work tree with one commit of these files; gives the commit's id."""
    folder.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", f"--initial-branch={branch}", cwd=folder)
    return commit_files(folder, files)


def commit_files(folder: Path, files: Mapping[str, str | bytes], message: str = "Change") -> str:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--allow-empty", "-m", message, cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


@contextlib.contextmanager
def serve(root: Path, secrets: Path) -> Iterator[GitServer]:
    """Serve every repository under `root` at /<manners>/<name>/.git until the block ends."""
    certificate, key = _certificate(secrets)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    server = GitServer(root, http.server_address[1], certificate)
    http.pare = server  # type: ignore[attr-defined]
    http.daemon_threads = True
    http.block_on_close = False
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        http.shutdown()
        http.server_close()
        thread.join(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        server: GitServer = self.server.pare  # type: ignore[attr-defined]
        server.asked.append(f"{self.command} {self.path}")
        server.authorizations.append(self.headers.get("Authorization", ""))
        manners, _, rest = self.path.lstrip("/").partition("/")
        self.close_connection = True
        match manners:
            case "private" if not self._knows_token():
                self._short(401, {"WWW-Authenticate": 'Basic realm="git"'})
            case "stall":
                server.stop.wait(60)
            case "slow":
                self._drip(server)
            case "redirect":
                self._short(302, {"Location": f"https://169.254.169.254/{rest}"})
            case "moved" if ".git/" not in rest:
                self._short(301, {"Location": self.path.replace("/info/refs", ".git/info/refs")})
            case "busy":
                self._short(503, {})
            case "garbage":
                self._short(200, {"Content-Type": "application/x-git-upload-pack-advertisement"}, os.urandom(200))
            case _:
                self._backend(server, rest)

    def _knows_token(self) -> bool:
        header = self.headers.get("Authorization", "")
        return header == "Basic " + b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    def _short(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, server: GitServer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        self.end_headers()
        with contextlib.suppress(OSError):
            while not server.stop.is_set():
                self.wfile.write(b"0")
                time.sleep(0.2)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _backend(self, server: GitServer, rest: str) -> None:
        path, _, query = rest.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH_INFO": "/" + path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self._body()
        environment["CONTENT_LENGTH"] = str(len(body))
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        with contextlib.suppress(OSError):
            self._short(status, headers, content)


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem, key_pem = folder / "host.pem", folder / "host.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, key_pem
