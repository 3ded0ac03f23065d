"""Which addresses may be typed and which hosts may be called."""

import ipaddress
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repos.engine.errors import AddressRefused, HostUnknown
from repos.engine.git import Policy, address, check_branch, is_public, parse_address, reachable_addresses

PUBLIC = Policy()
LOCAL = Policy(allow_local=True)


@pytest.mark.parametrize(
    ("typed", "url", "identity"),
    [
        ("https://github.com/acme/shop", "https://github.com/acme/shop", "github.com/acme/shop"),
        ("https://GitHub.com:443/acme/Shop.git/", "https://github.com/acme/Shop.git", "github.com/acme/shop"),
        ("https://olga@bitbucket.org/acme/shop.git", "https://bitbucket.org/acme/shop.git", "bitbucket.org/acme/shop"),
        ("git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@code.acme.example:2222/a/b", "ssh://git@code.acme.example:2222/a/b", "code.acme.example:2222/a/b"),
        ("ssh://code.acme.example/a", "ssh://git@code.acme.example/a", "code.acme.example/a"),
        ("https://[2606:4700::1]:8443/a/b", "https://[2606:4700::1]:8443/a/b", "2606:4700::1:8443/a/b"),
        ("https://münchen.example/a", "https://xn--mnchen-3ya.example/a", "xn--mnchen-3ya.example/a"),
        ("  https://github.com/acme/a%20b ", "https://github.com/acme/a%20b", "github.com/acme/a b"),
    ],
)
def test_an_address_has_one_written_form(typed: str, url: str, identity: str) -> None:
    address = parse_address(typed, PUBLIC)
    assert (address.url, address.identity) == (url, identity)
    assert parse_address(url, PUBLIC) == address


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "address_invalid"),
        ("shop", "address_invalid"),
        ("-uhttps://github.com/a/b", "address_invalid"),
        ("--upload-pack=touch x", "address_invalid"),
        ("https://github.com/", "address_invalid"),
        ("https:///acme/shop", "address_invalid"),
        ("https://git hub.com/a/b", "address_invalid"),
        ("https://github.com/a\nb", "address_invalid"),
        ("https://github.com/a%0Ab", "address_invalid"),
        ("https://github.com/a%00b", "address_invalid"),
        ("https://[fe80::1%25eth0]/a", "address_invalid"),
        ("ssh://git@[2606:4700::1%1]/a", "address_invalid"),
        ("https://github.com/%ff", "address_invalid"),
        ("https://github.com/../etc", "address_invalid"),
        ("https://github.com/a/b?x=1", "address_invalid"),
        ("https://github.com/a/b#main", "address_invalid"),
        ("https://github.com:0/a/b", "address_invalid"),
        ("https://github.com:99999/a/b", "address_invalid"),
        ("https://-oProxyCommand=x/a/b", "address_invalid"),
        ("ssh://-oProxyCommand=x/a", "address_invalid"),
        ("ssh://-l@host.example/a", "address_invalid"),
        ("-oProxyCommand=x@host.example:a", "address_invalid"),
        ("git@-oProxyCommand=x:a", "address_invalid"),
        ("git@host.example:-a", "address_invalid"),
        ("https://[::1/a", "address_invalid"),
        ("https://github.com/" + "a" * 1000, "address_invalid"),
        ("ext::sh -c touch% x", "address_invalid"),
        ("ext::sh", "scheme_not_allowed"),
        ("fd::17/foo", "scheme_not_allowed"),
        ("http://github.com/a/b", "scheme_not_allowed"),
        ("git://github.com/a/b", "scheme_not_allowed"),
        ("ftp://github.com/a/b", "scheme_not_allowed"),
        ("https::https://github.com/a/b", "scheme_not_allowed"),
        ("https://olga:secret@github.com/a/b", "credentials_in_address"),
        ("ssh://git:secret@github.com/a/b", "credentials_in_address"),
        ("file:///srv/shop", "local_not_allowed"),
        ("/srv/shop", "local_not_allowed"),
        ("file://host.example/srv/shop", "address_invalid"),
    ],
)
def test_it_refuses(typed: str, code: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        parse_address(typed, PUBLIC)
    assert refused.value.code == code
    assert "secret" not in str(refused.value)


def test_folders_are_taken_only_when_the_operator_allows_them() -> None:
    assert parse_address("file:///srv/shop", LOCAL).url == "file:///srv/shop"
    assert parse_address("/srv/shop", LOCAL) == parse_address("file:///srv/shop/", LOCAL)


@given(st.text(max_size=60) | st.from_regex(r"(https|ssh|file|ext|git@h)(://|::|:)[ -~]{0,40}", fullmatch=True))
def test_whatever_is_typed_is_refused_or_safe(typed: str) -> None:
    try:
        address = parse_address(typed, LOCAL)
    except AddressRefused:
        return
    assert address.url.startswith(("https://", "ssh://", "file:///"))
    assert address.url.isascii() and address.url.isprintable() and " " not in address.url
    assert not address.host.startswith("-") and ".." not in address.path.split("/")
    assert parse_address(address.url, LOCAL) == address


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "233.252.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1",
        "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe", "fec0::1",
    ],
)  # fmt: skip
def test_a_host_that_is_not_public_is_refused(ip: str) -> None:
    assert not is_public(ipaddress.ip_address(ip))
    address = parse_address("https://code.acme.example/a", PUBLIC)
    with pytest.raises(AddressRefused) as refused:
        reachable_addresses(address, PUBLIC, lambda host, port: ("140.82.121.4", ip))
    assert refused.value.code == "host_not_allowed"
    allowed = Policy(allow_private_hosts=True)
    assert ip in reachable_addresses(address, allowed, lambda host, port: (ip,))


@pytest.mark.parametrize("ip", ["140.82.121.4", "2606:4700::1", "64:ff9b::8c52:7904", "::ffff:140.82.121.4"])
def test_a_public_host_may_be_called(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]"])
def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    address = parse_address(f"https://{host}/a/b", PUBLIC)
    with pytest.raises(AddressRefused) as refused:
        reachable_addresses(address, PUBLIC)
    assert refused.value.code == "host_not_allowed"


def test_an_unknown_host_says_so() -> None:
    with pytest.raises(HostUnknown, match="nowhere.invalid could not be found"):
        reachable_addresses(parse_address("https://nowhere.invalid/a", PUBLIC), PUBLIC)


@pytest.mark.parametrize("branch", ["main", "feature/a-b", "v1.2", "größe", "@"])
def test_a_branch_name_is_taken(branch: str) -> None:
    assert check_branch(branch) == branch


@pytest.mark.parametrize("branch", ["", "-x", "a b", "a..b", "a:b", "a~1", "a^", "a@{1}", "/a", "a/", "a.lock", "x\0"])
def test_a_branch_name_is_refused(branch: str) -> None:
    with pytest.raises(AddressRefused):
        check_branch(branch)


def test_a_name_server_that_never_answers_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(address, "DNS_PATIENCE", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **rest: never.wait(60) and [])
    try:
        with pytest.raises(HostUnknown, match="could not be found"):
            address.resolve_host("slow.example", 443)
    finally:
        never.set()
