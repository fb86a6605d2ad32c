//! The address that an instance is reached at by the others.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use super::RunEnv;

impl RunEnv {
    /// Returns the address of this instance in the data network: what to listen on, and what to tell the others.
    ///
    /// Loopback where the runner gives instances no network of their own, or where none of this machine's addresses
    /// lies in `TEST_SUBNET`.
    #[must_use]
    pub fn data_address(&self) -> IpAddr {
        let table = fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
        let own = self.sidecar.then(|| address_in(&self.subnet, &table)).flatten();
        IpAddr::V4(own.unwrap_or(Ipv4Addr::LOCALHOST))
    }
}

/// Finds the local address that lies in `subnet` (`a.b.c.d/n`), in the kernel's table of routes: a line with an address,
/// followed by one that says `/32 host LOCAL`.
fn address_in(subnet: &str, table: &str) -> Option<Ipv4Addr> {
    let (network, bits) = subnet.split_once('/')?;
    let network = u32::from(network.parse::<Ipv4Addr>().ok()?);
    let mask = u32::MAX.checked_shl(32 - bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?);
    let mask = mask.unwrap_or(0);
    let lines: Vec<&str> = table.lines().collect();
    lines.windows(2).find_map(|pair| {
        let address: Ipv4Addr = pair[0].trim().strip_prefix("|-- ")?.parse().ok()?;
        let local = pair[1].trim() == "/32 host LOCAL";
        (local && u32::from(address) & mask == network & mask).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::address_in;

    const TABLE: &str = "\
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 16.0.0.0/16 2 0 2
        |-- 16.0.0.0
           /16 link UNICAST
        |-- 16.0.0.7
           /32 host LOCAL
        |-- 16.0.255.255
           /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
";

    #[test]
    fn the_own_address_is_the_local_one_in_the_subnet() {
        assert_eq!(address_in("16.0.0.0/16", TABLE), Some(Ipv4Addr::new(16, 0, 0, 7)));
        assert_eq!(address_in("127.0.0.0/8", TABLE), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(address_in("10.0.0.0/8", TABLE), None);
        assert_eq!(address_in("no subnet", TABLE), None);
        assert_eq!(address_in("16.0.0.0/99", TABLE), None);
    }
}
