"""Fetching a `video_url`: only from hosts the operator named, and never from inside the network.

The name is resolved once, every address it has must be a public one, and the connection goes to the address that was
checked; so neither a redirect nor a name that changes its address meanwhile leads anywhere else.
"""

import asyncio
import base64
import binascii
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx

from app.api.problems import Problem

Resolve = Callable[[str, int], Awaitable[list[str]]]

_PORTS = {"http": 80, "https": 443}
_DATA = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(?:;[\w.+-]+=[\w.+-]+)*)(?P<base64>;base64)?,")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host name, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_public(address: str) -> bool:
    """Whether an address lies outside every private, local, shared, documentation or multicast range.

    IPv6 addresses that carry an IPv4 address (mapped, compatible, 6to4, NAT64, Teredo) are judged by that one.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and int(ip) >> 32 == 0:
            return False
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


class _Pinned(httpx.AsyncHTTPTransport):
    """Connects to one checked address; the name stays in the Host header and in the TLS handshake."""

    def __init__(self, address: str) -> None:
        super().__init__(trust_env=False)
        self._address = address

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.headers["Host"] = request.url.netloc.decode()
        request.url = request.url.copy_with(host=self._address)
        return await super().handle_async_request(request)


async def fetch(
    url: str,
    path: Path,
    *,
    hosts: tuple[str, ...],
    most_bytes: int,
    timeout_s: float,
    resolver: Resolve = resolve,
) -> None:
    """Download a video to a file.

    Args:
        url: http or https. path: where to. hosts: names it may come from. most_bytes, timeout_s: bounds of the whole.
        resolver: gives the addresses of a name.

    Raises:
        Problem: the address is not allowed, or nothing that fits the bounds came from there.
    """
    host, port = _checked(url, hosts)
    try:
        async with asyncio.timeout(timeout_s):
            addresses = await resolver(host, port)
            if not addresses or not all(is_public(address) for address in addresses):
                raise _refused(f"{host} has no public address")
            await _download(url, addresses[0], path, most_bytes)
    except TimeoutError as error:
        raise Problem(422, "The video cannot be fetched", f"{host} took longer than {timeout_s:.0f} s") from error
    except (httpx.HTTPError, OSError) as error:
        raise Problem(422, "The video cannot be fetched", f"{host} cannot be reached: upload the video") from error


def decode_data_url(url: str, most_bytes: int) -> bytes:
    """The bytes of a `data:` URL.

    Raises:
        Problem: it is malformed or too large.
    """
    found = _DATA.match(url[:300])
    if found is None:
        raise Problem(422, "The video cannot be read", "the data: URL is malformed; send data:video/mp4;base64,...")
    body = url[found.end() :]
    if len(body) > most_bytes * 4 // 3 + 4:
        raise Problem(413, "Too large", "the video in the data: URL is too large; upload it")
    try:
        return base64.b64decode(body, validate=True) if found["base64"] else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "The video cannot be read", "the data: URL is not valid base64") from error


def _checked(url: str, hosts: tuple[str, ...]) -> tuple[str, int]:
    try:
        parsed = httpx.URL(url)
        host, port = parsed.host.lower().rstrip("."), parsed.port
    except (httpx.InvalidURL, ValueError) as error:
        raise _refused("the address is malformed") from error
    if parsed.scheme not in _PORTS:
        raise _refused("only http and https are fetched")
    if parsed.userinfo:
        raise _refused("the address holds a user name")
    if port is not None and port != _PORTS[parsed.scheme]:
        raise _refused("only the usual ports are used")
    if host not in hosts:
        raise _refused("the host is not on the list in PVCHAT_VIDEO_HOSTS")
    return host, _PORTS[parsed.scheme]


def _refused(why: str) -> Problem:
    return Problem(403, "The address is not allowed", f"{why}; upload the video, or ask the operator to allow the host")


async def _download(url: str, address: str, path: Path, most_bytes: int) -> None:
    async with (
        httpx.AsyncClient(transport=_Pinned(address), trust_env=False, follow_redirects=False) as client,
        client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
    ):
        if response.status_code != 200:
            raise Problem(
                422,
                "The video cannot be fetched",
                f"the host answered {response.status_code}; redirects are not followed",
            )
        with path.open("wb") as file:
            async for chunk in _bounded(response.aiter_bytes(1 << 20), most_bytes):
                await asyncio.to_thread(file.write, chunk)


async def _bounded(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    seen = 0
    async for chunk in chunks:
        seen += len(chunk)
        if seen > most_bytes:
            raise Problem(413, "Too large", f"the video is larger than {most_bytes >> 20} MB")
        yield chunk
