"""What may be typed as a repository address, and which hosts may be called.

An address is parsed into parts and put together again from them, so that nothing of the typed text reaches a command
line unchecked. The host is resolved once; the caller pins the connection to the addresses that were checked, because a
name that is public now may be private a moment later.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

from repos.engine.errors import AddressRefused, HostUnknown

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Scheme = Literal["https", "ssh", "file"]
Resolver = Callable[[str, int], tuple[str, ...]]

MAX_ADDRESS = 1000
DEFAULT_PORT = {"https": 443, "ssh": 22}
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\Z"
)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
_SCP = re.compile(r"(?:(?P<user>[^@/:\s]+)@)(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/@\s]+):(?P<path>[^:].*)\Z", re.DOTALL)
_BRANCH = re.compile(
    r"(?!-)(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|\Z)))(?![./])[^\x00-\x20\x7f~^:?*\[\\]{1,255}(?<![./])\Z"
)
_PATH_SAFE = "/~@+,=!$&'()*;:"
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

DNS_PATIENCE = 5.0  # seconds
SAY_FORMS = "Use https://host/path or git@host:path."


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows beyond public hosts over https and ssh."""

    allow_local: bool = False
    """file:// addresses and plain absolute paths: for development and tests."""
    allow_private_hosts: bool = False
    """Hosts inside the operator's own network, such as a company's git server."""
    ca_file: Path | None = None
    """Extra certificate authorities for https, PEM."""


@dataclass(frozen=True, slots=True)
class Address:
    """A checked repository address. `url` is its one written form."""

    scheme: Scheme
    host: str
    path: str
    port: int | None = None
    user: str = ""

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{host}{port}{quote(self.path, safe=_PATH_SAFE)}"

    @property
    def identity(self) -> str:
        """Equal for every way to write the same repository: `github.com/acme/shop`."""
        port = f":{self.port}" if self.port else ""
        path = self.path.removesuffix(".git")
        return f"{self.host}{port}{path if self.scheme == 'file' else path.lower()}"

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git") or self.host

    @property
    def connect_port(self) -> int:
        return self.port or DEFAULT_PORT.get(self.scheme, 0)


def parse_address(text: str, policy: Policy) -> Address:
    """Read a typed address. No network. Raises AddressRefused with a sentence that says what to type instead."""
    text = text.strip(" \t")
    if not text:
        raise AddressRefused(f"The address is empty. {SAY_FORMS}")
    if len(text) > MAX_ADDRESS:
        raise AddressRefused(f"The address is longer than {MAX_ADDRESS} characters. {SAY_FORMS}")
    if any(not char.isprintable() or char.isspace() or char == "\\" for char in text):
        raise AddressRefused(f"The address has a space, a backslash or an invisible character in it. {SAY_FORMS}")
    if text.startswith("-"):
        raise AddressRefused(f"The address starts with a dash. {SAY_FORMS}")
    if text.startswith("/"):
        return _local(text, policy)
    if "::" in text.split("/", 1)[0] and "[" not in text:
        raise _scheme_refused(text.split("::", 1)[0])
    if "://" in text:
        return _from_url(text, policy)
    if match := _SCP.match(text):
        return _ssh(match["user"], match["host"].strip("[]"), None, "/" + match["path"].lstrip("/"))
    raise AddressRefused(f"This is not a repository address. {SAY_FORMS}")


def _from_url(text: str, policy: Policy) -> Address:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused(f"The host or the port of the address is not valid. {SAY_FORMS}") from error
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise AddressRefused("A file address has no host: write file:///folder/repository.")
        return _local(unquote(parts.path), policy)
    if parts.scheme not in ("https", "ssh"):
        raise _scheme_refused(parts.scheme)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise AddressRefused("The address has a ? or a # in it. Use the address to clone from, without them.")
    if parts.scheme == "ssh":
        if parts.password is not None:
            raise _credentials_refused()
        return _ssh(parts.username or "git", host, port, parts.path)
    if parts.password is not None:
        raise _credentials_refused()
    # A bare user name (as some hosts put into the address they show) is no secret and not needed: left out.
    return _checked(Address("https", _host(host), _path(parts.path), _port(port, 443)))


def _ssh(user: str, host: str, port: int | None, path: str) -> Address:
    if not _USER.match(unquote(user)):
        raise AddressRefused(f"The user name in the address is not valid; it is nearly always git. {SAY_FORMS}")
    return _checked(Address("ssh", _host(host), _path(path), _port(port, 22), unquote(user)))


def _local(path: str, policy: Policy) -> Address:
    if not policy.allow_local:
        raise AddressRefused(
            f"Folders of the server can be linked once its operator sets PARE_ALLOW_LOCAL_REPOSITORIES=1. {SAY_FORMS}",
            code="local_not_allowed",
        )
    return Address("file", "", _path(path))


def _checked(address: Address) -> Address:
    if not address.path.strip("/"):
        raise AddressRefused(f"The address names a host but no repository on it. {SAY_FORMS}")
    return address


def _port(port: int | None, default: int) -> int | None:
    if port == 0:
        raise AddressRefused("Port 0 cannot be called. Leave the port out or give the right one.")
    return None if port == default else port


def _path(path: str) -> str:
    path = unquote(path, errors="strict") if _is_utf8(path) else "\0"
    parts = path.split("/")
    if any(not char.isprintable() or char == "\\" for char in path) or ".." in parts:
        raise AddressRefused(f"The path of the address is not valid. {SAY_FORMS}")
    if any(part.startswith("-") for part in parts[1:2]):
        raise AddressRefused(f"The path of the address starts with a dash. {SAY_FORMS}")
    return "/" + path.strip("/")


def _is_utf8(path: str) -> bool:
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _host(host: str) -> str:
    host = host.lower().rstrip(".")
    if ":" in host and "%" not in host:  # the zone after a % names a network card of this server
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise AddressRefused(f"The host of the address is not valid. {SAY_FORMS}") from error
    try:
        host = host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise AddressRefused(f"The host of the address is not valid. {SAY_FORMS}") from error
    if not _HOST.match(host):
        raise AddressRefused(f"The host of the address is not valid. {SAY_FORMS}")
    return host


def _scheme_refused(scheme: str) -> AddressRefused:
    shown = re.sub(r"[^a-z0-9+.-]", "", scheme.lower())[:20] or "this kind"
    return AddressRefused(f"Addresses with {shown} are not allowed. {SAY_FORMS}", code="scheme_not_allowed")


def _credentials_refused() -> AddressRefused:
    return AddressRefused(
        "The address has a password in it. Take it out and put it into the field for the access token, where it is "
        "stored encrypted. If it was a real one, replace it: addresses end up in logs.",
        code="credentials_in_address",
    )


def check_branch(branch: str) -> str:
    """The branch name itself, or AddressRefused when git would not take it as one."""
    if not _BRANCH.match(branch):
        raise AddressRefused("This is not a valid branch name.", code="branch_invalid")
    return branch


def resolve_host(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, IPv4 first. Raises HostUnknown, also when there is no answer in `DNS_PATIENCE` seconds.

    The name may belong to somebody whose name server never answers, and the caller may be a web request.
    """
    answer: Future[list[Any]] = Future()
    # A lookup that hangs goes on in its thread until the system gives it up.
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True).start()
    try:
        found = answer.result(timeout=DNS_PATIENCE)
    except (OSError, UnicodeError) as error:  # a TimeoutError is an OSError
        raise HostUnknown(f"The host {host} could not be found. Check its spelling, or try again later.") from error
    unique = dict.fromkeys(str(info[4][0]).split("%", 1)[0] for info in found)
    return tuple(sorted(unique, key=lambda item: ":" in item))


def _look_up(host: str, port: int, answer: "Future[list[Any]]") -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        answer.set_exception(error)


def reachable_addresses(address: Address, policy: Policy, resolve: Resolver = resolve_host) -> tuple[str, ...]:
    """The IP addresses to connect to, all of them checked. Raises HostUnknown, AddressRefused (`host_not_allowed`).

    One forbidden address among several refuses the host: a name that answers with both is not there by accident.
    """
    if address.scheme == "file":
        return ()
    found = resolve(address.host, address.connect_port)
    if not found:
        raise HostUnknown(f"The host {address.host} could not be found. Check its spelling, or try again later.")
    if not policy.allow_private_hosts and not all(is_public(ipaddress.ip_address(item)) for item in found):
        raise AddressRefused(
            f"The host {address.host} is inside a private network, which this server may not call. "
            "Use a public host, or ask the operator of this server to allow private ones.",
            code="host_not_allowed",
        )
    return found


def is_public(ip: IPAddress) -> bool:
    """False for everything that could be this machine, its network or nobody in particular."""
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
