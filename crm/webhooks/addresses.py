"""Where a webhook may be sent: to the public internet, and inside only where the site file says so. Pure.

Whoever may set up a webhook must not reach through it what stands behind the firewall: Redis, a router's page, a cloud's
metadata. So the addresses themselves are judged, of each connection, not the name: a name may mean another one tomorrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
NAT64: Final = IPv6Network("64:ff9b::/96")      # an IPv4 address in the clothes of an IPv6 one, as those that ip_address knows


@dataclass(frozen=True)
class Allowed:
    """`networks` of the inside are allowed besides the public internet."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def address(self, address: Address) -> bool:
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is not None:
                return self.address(address.ipv4_mapped)
            if address.sixtofour is not None or address.teredo is not None or address in NAT64 or address.scope_id:
                return False
        if any(address in network for network in self.networks):
            return True
        return address.is_global and not address.is_multicast

    def all_of(self, addresses: Sequence[Address]) -> bool:
        """A name that means one address outside and one inside is refused whole."""
        return bool(addresses) and all(self.address(address) for address in addresses)


def ip_of(host: str) -> Address | None:
    """None: it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
